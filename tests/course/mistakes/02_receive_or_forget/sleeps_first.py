# said: ms at the median
import time


def receive_or_forget(sock, clients):
    time.sleep(0.3)
    try:
        data = sock.recv(65536)
    except BlockingIOError:
        return b""
    except OSError:
        data = b""
    if not data:
        clients.remove(sock)
        sock.close()
    return data
