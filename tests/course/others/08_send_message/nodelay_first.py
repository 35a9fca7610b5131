def send_message(sock, header, payload):
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
    sock.sendall(header)
    sock.sendall(payload)
