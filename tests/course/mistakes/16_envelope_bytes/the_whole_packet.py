# said: bytes instead of
def envelope_bytes(text):
    return len(
        Frame(Opcode.TEXT, ("42" + json.dumps(["message", text], separators=(",", ":"))).encode()).serialize()
    )
