def refuse_version(version):
    if version == "13":
        return None
    body = b"only version 13 is spoken here\n"
    head = [
        b"HTTP/1.1 426 Upgrade Required",
        b"content-length: %d" % len(body),
        b"content-type: text/plain",
        b"connection: close, UPGRADE",
        b"upgrade: WebSocket",
        b"sec-websocket-version: 13",
    ]
    return bytearray(b"\r\n".join([*head, b"", body]))
