# said: when all messages are whole, the inbox
def take_messages(sock, inbox):
    inbox += sock.recv(65536)
    texts, at = [], 0
    while found := parse(inbox[at:]):
        text, end = found
        texts.append(text)
        at += end
    if at < len(inbox):
        del inbox[:at]
    return texts
