def take_messages(sock, inbox):
    while select.select([sock], [], [], 0)[0]:
        data = sock.recv(4096)
        if not data:
            break
        inbox.extend(data)
    messages = []
    while (found := parse(inbox)) is not None:
        text, end = found
        inbox[:] = inbox[end:]
        messages.append(text)
    return messages
