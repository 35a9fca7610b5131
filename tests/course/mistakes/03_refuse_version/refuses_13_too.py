# said: refuse_version('13') should be None
def refuse_version(version):
    return (
        b"HTTP/1.1 426 Upgrade Required\r\n"
        b"Upgrade: websocket\r\n"
        b"Connection: Upgrade, close\r\n"
        b"Sec-WebSocket-Version: 13\r\n"
        b"Content-Length: 0\r\n"
        b"\r\n"
    )
