# said: let it through
def receive_or_forget(sock, clients):
    data = sock.recv(65536)
    if not data:
        clients.remove(sock)
        sock.close()
    return data
