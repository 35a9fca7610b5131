# said: is held back
def send_message(sock, header, payload):
    sock.sendall(header)
    sock.sendall(payload)
