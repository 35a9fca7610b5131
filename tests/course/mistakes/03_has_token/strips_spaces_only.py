# said: should be True
def has_token(value, token):
    return token.lower() in [w.strip(" ").lower() for w in value.split(",")]
