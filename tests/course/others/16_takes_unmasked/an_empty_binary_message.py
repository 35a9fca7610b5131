def takes_unmasked(ask):
    reaction = ask(Frame(Opcode.BINARY).serialize())
    return reaction not in ("silence", "TCP ended") and not reaction.isdigit()
