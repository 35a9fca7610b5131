def refuse_version(version):
    if version != "13":
        return (
            b"HTTP/1.1 426 \r\nconnection: close, upgrade\r\nupgrade: WebSocket\r\n"
            b"sec-websocket-version: 13\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
        )
