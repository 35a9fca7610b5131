# said: should be no bytes; got None
def receive_or_forget(sock, clients):
    try:
        data = sock.recv(65536)
    except BlockingIOError:
        return None
    except OSError:
        data = b""
    if not data:
        clients.remove(sock)
        sock.close()
    return data
