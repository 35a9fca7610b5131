def send_message(sock, header, payload):
    rest = memoryview(header + payload)
    while rest:
        rest = rest[sock.send(rest) :]
