def envelope_bytes(text):
    from socketio.packet import EVENT, Packet

    packet = "4" + Packet(EVENT, ["message", text]).encode()
    whole, plain = (len(Frame(Opcode.TEXT, one.encode()).serialize()) for one in (packet, text))
    return whole - plain
