# said: 6f 6e 6c 79 20 31 33 stand behind the response
def refuse_version(version):
    if version == "13":
        return None
    return (
        b"HTTP/1.1 426 Upgrade Required\r\n"
        b"Upgrade: websocket\r\n"
        b"Connection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\n"
        b"Content-Length: 0\r\n"
        b"\r\n"
        b"only 13"
    )
