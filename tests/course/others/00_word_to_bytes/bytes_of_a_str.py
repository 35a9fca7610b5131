def word_to_bytes(word):
    return bytes(word, "utf-8")
