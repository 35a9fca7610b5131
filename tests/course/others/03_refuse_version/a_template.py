REFUSAL = """HTTP/1.1 426 Upgrade Required
Sec-WebSocket-Version: 13
Upgrade: websocket
Connection: Upgrade
Content-Length: 0

"""


def refuse_version(version):
    return None if version == "13" else REFUSAL.replace("\n", "\r\n").encode("ascii")
