# said: ('message', '')
from wsdemo import Opcode


def page_events(status, frames):
    if status != 101:
        return [("error", None), ("close", 1006)]
    events, data, kind = [("open", None)], b"", 0
    for frame in frames:
        if frame.opcode == Opcode.CLOSE:
            return [*events, ("close", int.from_bytes(frame.payload[:2], "big") or 1005)]
        if frame.opcode in (Opcode.PING, Opcode.PONG):
            continue
        kind = frame.opcode or kind
        data += frame.payload
        if frame.fin and data:
            events.append(("message", data.decode() if kind == Opcode.TEXT else data))
            data = b""
    return [*events, ("close", 1006)]
