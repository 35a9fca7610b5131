# said: recv was called with flags
import socket


def read_exactly(sock, size):
    return sock.recv(size, socket.MSG_WAITALL)
