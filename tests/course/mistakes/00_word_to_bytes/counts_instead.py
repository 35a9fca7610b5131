# said: should be
def word_to_bytes(word):
    return len(word.encode())
