# said: should be
def send_message(sock, header, payload):
    sock.sendall(payload + header)
