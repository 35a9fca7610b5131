# said: should be
def take_messages(sock, inbox):
    inbox += sock.recv(65536)
    while found := parse(inbox):
        text, end = found
        del inbox[:end]
        yield text
