# said: text fin=1 (empty), binary fin=0 (empty), continuation fin=1 (empty) should be ['', no bytes]
def reassemble(frames):
    messages, data, kind = [], b"", 0
    for fin, opcode, payload in frames:
        if opcode < 8:
            kind = opcode or kind
            data += payload
            if fin and data:
                messages.append(data.decode() if kind == 1 else data)
            if fin:
                data = b""
    return messages
