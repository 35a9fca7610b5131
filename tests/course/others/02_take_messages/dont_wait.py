def take_messages(sock, inbox):
    try:
        while piece := sock.recv(100, socket.MSG_DONTWAIT):
            inbox += piece
    except BlockingIOError:
        pass
    at, texts = 0, []
    while found := parse(bytes(inbox[at:])):
        texts.append(found[0])
        at += found[1]
    del inbox[:at]
    return texts
