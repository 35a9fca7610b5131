# said: should be True
def has_token(value, token):
    return token.lower() in value.lower().split(", ")
