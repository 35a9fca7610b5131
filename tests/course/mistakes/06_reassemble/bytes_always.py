# said: should be
def reassemble(frames):
    messages, data = [], b""
    for fin, opcode, payload in frames:
        if opcode < 8:
            data += payload
            if fin:
                messages.append(data)
                data = b""
    return messages
