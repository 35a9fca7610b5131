def send_what_fits(sock, outbox):
    if not outbox:
        return
    try:
        sent = sock.send(bytes(outbox), socket.MSG_DONTWAIT)
    except (BlockingIOError, InterruptedError):
        return
    outbox[:sent] = b""
