# said: should be
def word_to_bytes(word):
    return word.encode("utf-16")
