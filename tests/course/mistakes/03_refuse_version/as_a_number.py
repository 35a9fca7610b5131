# said: '013') should be a response
def refuse_version(version):
    if int(version) == 13:
        return None
    return (
        b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n"
    )
