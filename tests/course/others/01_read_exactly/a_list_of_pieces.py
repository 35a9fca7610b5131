def read_exactly(sock, size):
    pieces = []
    while size:
        piece = sock.recv(min(size, 4096))
        if piece == b"":
            raise ConnectionResetError(f"{size} bytes are missing")
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
