# said: waited
def take_messages(sock, inbox):
    messages = []
    while True:
        header = read_exactly(sock, HEADER)
        messages.append(read_exactly(sock, int(header)).decode())
        if not select.select([sock], [], [], 0)[0]:
            return messages
