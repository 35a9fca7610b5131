# said: the messages should be
def take_messages(sock, inbox):
    inbox += sock.recv(65536)
    out = {}
    while f := parse(inbox):
        del inbox[: f[1]]
        out[f[0]] = 1
    return list(out)
