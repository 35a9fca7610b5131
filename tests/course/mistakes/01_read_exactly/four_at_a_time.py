# said: bytes that belong to the next message
def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(min(4, size))
        if not piece:
            raise ConnectionError("the end")
        data += piece
    return data[:size]
