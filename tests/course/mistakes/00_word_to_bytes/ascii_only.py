# said: your code raised UnicodeEncodeError
def word_to_bytes(word):
    return word.encode("ascii")
