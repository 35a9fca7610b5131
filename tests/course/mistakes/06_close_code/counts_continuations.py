# said: text fin=1 c0 80 with a limit of 10 bytes should be 1007
def close_code(frames, limit):
    size, missing = 0, 0
    for fin, _, payload in frames:
        size += len(payload)
        if size > limit:
            return 1009
        if frames[0][1] != 1:
            continue
        for byte in payload:
            if missing:
                if byte >> 6 != 0b10:
                    return 1007
                missing -= 1
            elif byte >> 5 == 0b110:
                missing = 1
            elif byte >> 4 == 0b1110:
                missing = 2
            elif byte >> 3 == 0b11110:
                missing = 3
            elif byte > 127:
                return 1007
        if fin and missing:
            return 1007
    return None
