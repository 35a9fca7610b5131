# said: should be
def word_to_bytes(word):
    return word.encode("latin-1", "replace")
