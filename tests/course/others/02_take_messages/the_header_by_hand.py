def take_messages(sock, inbox):
    inbox.extend(sock.recv(65536))
    messages = []
    while len(inbox) >= 10:
        end = 10 + int(inbox[:10])
        if len(inbox) < end:
            break
        messages.append(inbox[10:end].decode())
        del inbox[:end]
    return messages
