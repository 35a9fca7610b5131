def split_frames(data):
    payloads = []
    while True:
        if data and data[0] & 7 > 2:
            raise ValueError("a reserved opcode")
        size = data[1] if len(data) > 1 else 0
        extended = {126: 2, 127: 8}.get(size, 0)
        if len(data) < 2 + extended:
            return payloads, data
        length = int.from_bytes(data[2 : 2 + extended], "big") if extended else size
        end = 2 + extended + length
        if len(data) < end:
            return payloads, data
        payloads.append(data[2 + extended : end])
        data = data[end:]
