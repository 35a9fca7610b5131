# said: bytes that belong to the next message
def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        data += sock.recv(size)
    return data
