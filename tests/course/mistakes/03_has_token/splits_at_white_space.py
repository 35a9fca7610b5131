# said: should be
def has_token(value, token):
    return token.lower() in value.lower().replace(",", " ").split()
