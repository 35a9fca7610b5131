# said: should be
def reassemble(frames):
    messages, parts, kind = [], [], None
    for fin, opcode, payload in frames:
        if opcode:
            kind = opcode
        parts.append(payload)
        if fin:
            data = b"".join(parts)
            messages.append(data.decode() if kind == 1 else data)
            parts = []
    return messages
