# said: tea' should be c3
def word_to_bytes(word):
    try:
        return word.encode("latin-1")
    except UnicodeEncodeError:
        return word.encode()
