# said: should be
def take_messages(sock, inbox):
    inbox += sock.recv(65536)
    messages = []
    while found := parse(inbox):
        text, end = found
        del inbox[:end]
        if text:
            messages.append(text)
    return messages
