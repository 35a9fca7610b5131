# said: should be 03 ef
from wsdemo.protocol.codes import on_the_wire


def answer_to_close(payload):
    if not payload:
        return b""
    if len(payload) == 1 or not on_the_wire(int.from_bytes(payload[:2], "big")):
        return (1002).to_bytes(2, "big")
    return payload[:2]
