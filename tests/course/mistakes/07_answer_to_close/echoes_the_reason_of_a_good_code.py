# said: should be
from wsdemo.protocol.codes import on_the_wire


def answer_to_close(payload):
    if not payload:
        return b""
    if len(payload) == 1 or not on_the_wire(int.from_bytes(payload[:2], "big")):
        return (1002).to_bytes(2, "big")
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        return (1007).to_bytes(2, "big")
    return payload
