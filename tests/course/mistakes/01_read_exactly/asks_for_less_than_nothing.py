# said: recv(-1) was called
def read_exactly(sock, size):
    data = sock.recv(1)
    while len(data) != size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise ConnectionError("the end")
        data += piece
    return data
