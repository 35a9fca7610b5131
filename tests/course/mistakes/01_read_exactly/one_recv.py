# said: came 1 byte at a time
def read_exactly(sock, size):
    return sock.recv(size)
