# said: send_message(sock,
def send_message(sock, header, payload):
    sock.write(header + payload)
