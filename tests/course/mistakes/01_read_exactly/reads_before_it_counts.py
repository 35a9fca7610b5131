# said: read_exactly(sock, 0)
def read_exactly(sock, size):
    data = sock.recv(1)
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise ValueError("too short")
        data += piece
    return data
