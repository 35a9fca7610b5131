# said: is held back
import time


def send_message(sock, header, payload):
    sock.sendall(header)
    time.sleep(0.05)
    sock.sendall(payload)
