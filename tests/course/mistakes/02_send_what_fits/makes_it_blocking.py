# said: waited for the frozen client
def send_what_fits(sock, outbox):
    sock.setblocking(True)
    sock.sendall(outbox)
    outbox.clear()
