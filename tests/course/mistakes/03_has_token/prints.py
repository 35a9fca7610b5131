# said: should be True; got None
def has_token(value, token):
    words = [word.strip().lower() for word in value.split(",")]
    print(token.lower() in words)
