# said: should be bytes; got
def refuse_version(version):
    if version == "13":
        return None
    return "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n"
