# said: is no HTTP response
def refuse_version(version):
    if version == "13":
        return None
    return b"426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\n\r\n"
