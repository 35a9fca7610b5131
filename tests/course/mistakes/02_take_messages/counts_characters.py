# said: the messages should be
def take_messages(sock, inbox):
    inbox += sock.recv(65536)
    out = []
    while len(inbox) >= 10:
        n = int(inbox[:10])
        t = inbox[10:].decode("utf-8", "ignore")
        if len(t) < n:
            break
        out.append(t[:n])
        del inbox[: 10 + n]
    return out
