# said: 62 79 65 20 c3 a9 should be
from wsdemo.protocol.codes import on_the_wire


def answer_to_close(payload):
    if not payload:
        return b""
    if len(payload) == 1 or not on_the_wire(int.from_bytes(payload[:2], "big")):
        return (1002).to_bytes(2, "big")
    if not payload[2:].isascii():
        return (1007).to_bytes(2, "big")
    return payload[:2]
