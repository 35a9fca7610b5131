def receive_or_forget(sock, clients):
    readable, _, _ = select.select([sock], [], [], 0)
    if not readable:
        return b""
    try:
        data = sock.recv(65536)
    except ConnectionError:
        data = b""
    if data == b"":
        del clients[clients.index(sock)]
        sock.close()
    return data
