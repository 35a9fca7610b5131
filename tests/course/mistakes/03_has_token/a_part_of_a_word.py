# said: should be False
def has_token(value, token):
    return token.lower() in value.lower()
