# said: has no last chunk
def refuse_version(version):
    if version == "13":
        return None
    return (
        b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
