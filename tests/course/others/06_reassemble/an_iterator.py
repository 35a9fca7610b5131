def reassemble(frames):
    def found():
        data_frames = iter([frame for frame in frames if frame[1] in (0, 1, 2)])
        for fin, opcode, payload in data_frames:
            while not fin:
                fin, _, more = next(data_frames)
                payload += more
            yield payload.decode("utf-8") if opcode == 1 else payload

    return list(found())
