# said: ms at the median
import time


def send_what_fits(sock, outbox):
    try:
        taken = sock.send(outbox)
    except BlockingIOError:
        time.sleep(0.3)
        taken = 0
    del outbox[:taken]
