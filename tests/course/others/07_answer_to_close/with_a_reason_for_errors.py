from wsdemo.protocol.codes import on_the_wire


def answer_to_close(payload):
    if not payload:
        return b""
    code, reason = int.from_bytes(payload[:2], "big"), payload[2:]
    if len(payload) < 2 or not on_the_wire(code):
        return b"\x03\xea" + b"this code may not be sent"
    try:
        reason.decode()
    except UnicodeDecodeError:
        return b"\x03\xef"
    return bytearray(payload[:2])
