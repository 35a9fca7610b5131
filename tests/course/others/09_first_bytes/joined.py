def first_bytes(pieces, text):
    found = b""
    for number in range(pieces):
        fin = 128 if number == pieces - 1 else 0
        rsv1 = 64 if number == 0 else 0
        opcode = 0 if number else 2 - text
        found += bytes([fin | rsv1 | opcode])
    return found
