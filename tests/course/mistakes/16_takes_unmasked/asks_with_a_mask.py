# said: a server that refuses them
def takes_unmasked(ask):
    return ask(Frame(Opcode.TEXT, b"hello", masking_key=b"mask").serialize()) == "heard"
