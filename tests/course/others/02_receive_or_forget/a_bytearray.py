def receive_or_forget(sock, clients):
    buffer = bytearray(65536)
    try:
        size = sock.recv_into(buffer)
    except BlockingIOError:
        return bytearray()
    except OSError:
        size = 0
    if size == 0:
        clients.remove(sock)
        sock.close()
    return buffer[:size]
