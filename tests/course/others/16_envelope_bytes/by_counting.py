def envelope_bytes(text):
    def on_the_wire(size):
        return size + (2 if size < 126 else 4 if size < 65536 else 10)

    packet = "42" + json.dumps(["message", text], separators=(",", ":"))
    return on_the_wire(len(packet)) - on_the_wire(len(text.encode()))
