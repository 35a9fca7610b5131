def send_message(sock, header, payload):
    before = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(header)
    sock.sendall(payload)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, before)
