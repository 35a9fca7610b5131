# said: your code
def receive_or_forget(sock, clients):
    sock.setblocking(True)
    try:
        data = sock.recv(65536)
    except OSError:
        data = b""
    if not data:
        clients.remove(sock)
        sock.close()
    return data
