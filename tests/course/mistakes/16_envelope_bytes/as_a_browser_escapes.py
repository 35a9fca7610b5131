# said: bytes instead of
def envelope_bytes(text):
    packet = "42" + json.dumps(["message", text], separators=(",", ":"), ensure_ascii=False)
    return len(Frame(Opcode.TEXT, packet.encode()).serialize()) - len(
        Frame(Opcode.TEXT, text.encode()).serialize()
    )
