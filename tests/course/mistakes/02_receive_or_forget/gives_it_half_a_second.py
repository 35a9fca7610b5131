# said: ms at the median
def receive_or_forget(sock, clients):
    if not select.select([sock], [], [], 0.5)[0]:
        return b""
    try:
        data = sock.recv(65536)
    except OSError:
        data = b""
    if not data:
        clients.remove(sock)
        sock.close()
    return data
