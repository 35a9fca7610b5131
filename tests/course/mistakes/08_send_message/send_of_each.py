# said: should be
def send_message(sock, header, payload):
    sock.send(header)
    sock.send(payload)
