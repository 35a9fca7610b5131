# said: still in the list of clients
def receive_or_forget(sock, clients):
    try:
        data = sock.recv(65536)
    except BlockingIOError:
        return b""
    except OSError:
        data = b""
    if not data:
        clients.pop(0)
        sock.close()
    return data
