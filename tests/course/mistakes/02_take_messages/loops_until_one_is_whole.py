# said: waited
def take_messages(sock, inbox):
    messages = []
    while len(messages) < 1:
        inbox += sock.recv(65536)
        while found := parse(inbox):
            messages.append(found[0])
            del inbox[: found[1]]
    return messages
