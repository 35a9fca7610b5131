# said: a server that refuses them (silence)
def takes_unmasked(ask):
    return ask(Frame(Opcode.TEXT, b"hello").serialize()) in ("heard", "silence")
