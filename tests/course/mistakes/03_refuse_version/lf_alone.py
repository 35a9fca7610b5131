# said: CR LF
def refuse_version(version):
    if version == "13":
        return None
    return (
        b"HTTP/1.1 426 Upgrade Required\n"
        b"Upgrade: websocket\n"
        b"Connection: Upgrade, close\n"
        b"Sec-WebSocket-Version: 13\n"
        b"Content-Length: 0\n"
        b"\n"
    )
