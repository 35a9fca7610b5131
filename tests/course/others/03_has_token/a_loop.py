def has_token(value, token):
    found = False
    for word in value.upper().split(","):
        found = found or word.strip() == token.upper()
    return found
