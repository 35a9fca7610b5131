# said: encode
def add_header(text):
    return f"{len(text.encode()):<10}{text}"
