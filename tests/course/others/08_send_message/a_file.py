def send_message(sock, header, payload):
    with sock.makefile("wb") as file:
        file.write(header)
        file.write(payload)
