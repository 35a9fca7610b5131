# said: ms at the median
import time


def take_messages(sock, inbox):
    time.sleep(0.2)
    inbox += sock.recv(65536)
    messages = []
    while found := parse(inbox):
        messages.append(found[0])
        del inbox[: found[1]]
    return messages
