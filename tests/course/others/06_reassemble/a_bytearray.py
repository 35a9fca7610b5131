def reassemble(frames):
    messages, data, kind = [], bytearray(), None
    for fin, opcode, payload in frames:
        if opcode > 7:
            continue
        if opcode != 0:
            kind = opcode
        data.extend(payload)
        if fin:
            messages.append(str(data, "utf-8") if kind == 1 else bytearray(data))
            data.clear()
    return messages
