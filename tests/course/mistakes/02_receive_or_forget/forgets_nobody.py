# said: still in the list
def receive_or_forget(sock, clients):
    try:
        return sock.recv(65536)
    except OSError:
        return b""
