# said: should be True
def has_token(value, token):
    words = [word.strip().lower() for word in value.split(",")]
    return words.index(token.lower()) if token.lower() in words else False
