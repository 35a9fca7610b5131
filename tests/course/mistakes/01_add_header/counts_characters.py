# said: the length counts bytes, not characters
def add_header(text):
    return f"{len(text):<10}{text}".encode()
