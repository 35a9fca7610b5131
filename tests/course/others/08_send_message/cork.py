def send_message(sock, header, payload):
    sock.setsockopt(socket.SOL_TCP, socket.TCP_CORK, 1)
    try:
        sock.sendall(header)
        sock.sendall(payload)
    finally:
        sock.setsockopt(socket.SOL_TCP, socket.TCP_CORK, 0)
