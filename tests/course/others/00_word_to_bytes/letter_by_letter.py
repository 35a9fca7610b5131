def word_to_bytes(word):
    found = bytearray()
    for letter in word:
        found += letter.encode("utf-8")
    return found
