# said: should be
def take_messages(sock, inbox):
    inbox += sock.recv(65536)
    found = parse(inbox)
    if found is None:
        return []
    text, end = found
    del inbox[:end]
    return [text]
