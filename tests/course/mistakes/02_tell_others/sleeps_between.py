# said: ms at the median
import time


def tell_others(socks, sender, data):
    for sock in socks:
        if sock is not sender:
            sock.sendall(data)
            time.sleep(0.1)
