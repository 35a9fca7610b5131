# said: ms at the median
def send_what_fits(sock, outbox):
    if select.select([], [sock], [], 0.4)[1]:
        del outbox[: sock.send(outbox)]
