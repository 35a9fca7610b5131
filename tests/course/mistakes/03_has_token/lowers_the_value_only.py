# said: should be True
def has_token(value, token):
    return token in [part.strip() for part in value.lower().split(",")]
