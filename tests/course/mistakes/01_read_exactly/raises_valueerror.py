# said: should raise ConnectionError; it raised ValueError
def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise ValueError("too short")
        data += piece
    return data
