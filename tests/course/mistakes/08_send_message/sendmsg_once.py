# said: should be
def send_message(sock, header, payload):
    sock.sendmsg([header, payload])
