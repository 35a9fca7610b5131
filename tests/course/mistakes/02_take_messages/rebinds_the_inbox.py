# said: should be
def take_messages(sock, inbox):
    inbox += sock.recv(65536)
    messages = []
    while found := parse(inbox):
        text, end = found
        inbox = inbox[end:]
        messages.append(text)
    return messages
