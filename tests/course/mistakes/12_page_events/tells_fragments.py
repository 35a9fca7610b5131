# said: more follows
from wsdemo import Opcode


def page_events(status, frames):
    if status != 101:
        return [("error", None), ("close", 1006)]
    events, pieces = [("open", None)], []
    for frame in frames:
        if frame.opcode == Opcode.CLOSE:
            code = int.from_bytes(frame.payload[:2], "big") if frame.payload else 1005
            return [*events, ("close", code)]
        if frame.opcode in (Opcode.PING, Opcode.PONG):
            continue
        pieces.append(frame)
        if True:
            data = b"".join(piece.payload for piece in pieces)
            text = pieces[0].opcode == Opcode.TEXT
            events.append(("message", data.decode(errors="replace") if text else data))
            pieces = []
    return [*events, ("close", 1006)]
