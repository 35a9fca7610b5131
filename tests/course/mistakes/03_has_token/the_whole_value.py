# said: should be True
def has_token(value, token):
    return value == token
