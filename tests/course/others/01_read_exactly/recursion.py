def read_exactly(sock, size):
    if size == 0:
        return b""
    first = sock.recv(size)
    if not first:
        raise EOFError("the stream has ended")
    return first + read_exactly(sock, size - len(first))
