# said: a client waits for more of it
def refuse_version(version):
    if version == "13":
        return None
    return (
        b"HTTP/1.1 426 Upgrade Required\r\n"
        b"Upgrade: websocket\r\n"
        b"Connection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\n"
        b"Content-Length: 20\r\n"
        b"\r\n"
        b"only 13 here"
    )
