# said: the messages should be
def take_messages(sock, inbox):
    inbox += sock.recv(65536)
    out = []
    while len(inbox) >= 10:
        n = int(inbox[:10])
        if len(inbox) < 10 + n:
            break
        out.append(inbox[10 : 10 + n].decode("latin-1"))
        del inbox[: 10 + n]
    return out
