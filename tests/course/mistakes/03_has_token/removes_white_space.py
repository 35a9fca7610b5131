# said: should be False
def has_token(value, token):
    return token.lower() in "".join(value.lower().split()).split(",")
