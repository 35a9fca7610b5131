# said: still open
def receive_or_forget(sock, clients):
    try:
        data = sock.recv(65536)
    except BlockingIOError:
        return b""
    except OSError:
        data = b""
    if not data:
        clients.remove(sock)
    return data
