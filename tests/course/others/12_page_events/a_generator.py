import struct


def page_events(status, frames):
    return [list(event) for event in told(status, frames)]


def told(status, frames):
    if status != 101:
        yield "error", None
        yield "close", 1006
        return
    yield "open", None
    message = None
    for frame in frames:
        if frame.opcode == 8:
            yield "close", struct.unpack("!H", frame.payload[:2])[0] if frame.payload else 1005
            return
        if frame.opcode > 8:
            continue
        if frame.opcode:
            message = [frame.opcode, b""]
        message[1] += frame.payload
        if frame.fin:
            yield "message", message[1].decode("utf-8") if message[0] == 1 else message[1]
    yield "close", 1006
