# said: only silent was forgotten
def receive_or_forget(sock, clients):
    try:
        data = sock.recv(65536)
    except BlockingIOError:
        clients.remove(sock)
        return b""
    except OSError:
        data = b""
    if not data:
        clients.remove(sock)
        sock.close()
    return data
