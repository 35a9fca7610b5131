def has_token(value, token):
    return any(word.strip(" \t").casefold() == token.casefold() for word in value.split(","))
