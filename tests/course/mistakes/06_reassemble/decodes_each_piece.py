# said: should be
def reassemble(frames):
    messages, text = [], ""
    for fin, opcode, payload in frames:
        if opcode < 8:
            text += payload.decode("utf-8", "replace")
            if fin:
                messages.append(text)
                text = ""
    return messages
