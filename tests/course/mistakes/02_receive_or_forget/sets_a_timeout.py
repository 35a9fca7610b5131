# said: timeout
def receive_or_forget(sock, clients):
    sock.settimeout(0.5)
    try:
        data = sock.recv(65536)
    except TimeoutError:
        return b""
    except OSError:
        data = b""
    if not data:
        clients.remove(sock)
        sock.close()
    return data
