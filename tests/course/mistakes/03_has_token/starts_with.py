# said: should be
def has_token(value, token):
    return value.lower().startswith(token.lower())
