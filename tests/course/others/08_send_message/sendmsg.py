def send_message(sock, header, payload):
    sent = sock.sendmsg([header, payload])
    while sent < len(header) + len(payload):
        sent += sock.send((header + payload)[sent:])
