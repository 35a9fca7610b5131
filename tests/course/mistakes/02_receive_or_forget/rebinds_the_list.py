# said: still in the list
def receive_or_forget(sock, clients):
    try:
        data = sock.recv(65536)
    except BlockingIOError:
        return b""
    except OSError:
        data = b""
    if not data:
        clients = [other for other in clients if other is not sock]
        sock.close()
    return data
