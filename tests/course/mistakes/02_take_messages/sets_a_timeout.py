# said: timeout
def take_messages(sock, inbox):
    sock.settimeout(0.1)
    try:
        while data := sock.recv(65536):
            inbox += data
    except TimeoutError:
        pass
    messages = []
    while found := parse(inbox):
        messages.append(found[0])
        del inbox[: found[1]]
    return messages
