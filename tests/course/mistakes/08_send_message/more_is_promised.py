# said: is held back
def send_message(sock, header, payload):
    sock.sendall(header, socket.MSG_MORE)
    sock.sendall(payload, socket.MSG_MORE)
