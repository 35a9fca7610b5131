def send_message(sock, header, payload):
    sock.sendall(header)
    sock.sendall(payload)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # sends what waits
