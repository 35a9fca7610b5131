# said: they would come twice
def receive_or_forget(sock, clients):
    try:
        data = sock.recv(65536, socket.MSG_PEEK)
    except BlockingIOError:
        return b""
    except OSError:
        data = b""
    if not data:
        clients.remove(sock)
        sock.close()
    return data
