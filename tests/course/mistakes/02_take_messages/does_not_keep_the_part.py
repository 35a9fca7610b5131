# said: should be
def take_messages(sock, inbox):
    data = sock.recv(65536)
    messages = []
    while found := parse(data):
        messages.append(found[0])
        data = data[found[1] :]
    return messages
