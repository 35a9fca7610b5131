# said: bytes instead of
def envelope_bytes(text):
    packet = f'42["message","{text}"]'
    return len(Frame(Opcode.TEXT, packet.encode()).serialize()) - len(
        Frame(Opcode.TEXT, text.encode()).serialize()
    )
