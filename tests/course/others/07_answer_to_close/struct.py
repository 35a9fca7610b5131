import struct

from wsdemo.protocol.codes import on_the_wire


def answer_to_close(payload):
    if payload == b"":
        return payload
    try:
        (code,) = struct.unpack_from("!H", payload)
        str(payload[2:], "utf-8")
    except struct.error:
        code = 1002
    except UnicodeDecodeError:
        code = 1007 if on_the_wire(code) else 1002
    return struct.pack("!H", code if on_the_wire(code) else 1002)
