# said: should be
def reassemble(frames):
    messages, data, kind = [], b"", 0
    for fin, opcode, payload in frames:
        if opcode >= 8:
            continue
        kind = opcode or kind
        data += payload
        if fin:
            messages.append(data.decode("utf-8", "replace") if kind == 1 else data)
    return messages
