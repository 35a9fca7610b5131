# said: should be
def take_messages(sock, inbox):
    inbox += sock.recv(65536)
    messages = []
    while found := parse(inbox):
        messages.append(found[0].encode())
        del inbox[: found[1]]
    return messages
