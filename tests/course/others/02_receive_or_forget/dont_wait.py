def receive_or_forget(sock, clients):
    try:
        if data := sock.recv(4096, socket.MSG_DONTWAIT):
            return data
    except BlockingIOError:
        return b""
    except ConnectionResetError:
        pass
    clients[:] = [other for other in clients if other is not sock]
    sock.close()
    return b""
