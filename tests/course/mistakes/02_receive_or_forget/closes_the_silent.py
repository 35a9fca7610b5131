# said: only silent was forgotten or closed
def receive_or_forget(sock, clients):
    try:
        data = sock.recv(65536)
    except BlockingIOError:
        sock.close()
        return b""
    except OSError:
        data = b""
    if not data:
        clients.remove(sock)
        sock.close()
    return data
