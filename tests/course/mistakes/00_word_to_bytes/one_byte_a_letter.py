# said: should be
def word_to_bytes(word):
    return bytes(ord(char) % 256 for char in word)
