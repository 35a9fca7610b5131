# said: another client was removed
def receive_or_forget(sock, clients):
    try:
        data = sock.recv(65536)
    except BlockingIOError:
        return b""
    except OSError:
        data = b""
    if not data:
        clients.clear()
        sock.close()
    return data
