from wsdemo import Opcode


def page_events(status, frames):
    if status != 101:
        return [("error", None), ("close", 1006)]
    events, data, decode = [("open", None)], b"", bytes
    for frame in frames:
        match frame.opcode:
            case Opcode.CLOSE:
                number = int.from_bytes(frame.payload[:2], "big")
                events.append(("close", number or 1005))
                break
            case Opcode.TEXT:
                data, decode = frame.payload, bytes.decode
            case Opcode.BINARY:
                data, decode = frame.payload, bytes
            case Opcode.CONTINUATION:
                data += frame.payload
            case _:
                continue
        if frame.fin:
            events.append(("message", decode(data)))
    else:
        events.append(("close", 1006))
    return events
