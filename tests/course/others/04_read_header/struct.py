import struct


def read_header(data):
    try:
        first, second = struct.unpack_from("!BB", data)
        length, size = second % 128, 2
        if length == 126:
            (length,), size = struct.unpack_from("!H", data, 2), 4
        elif length == 127:
            (length,), size = struct.unpack_from("!Q", data, 2), 10
        key = None
        if second >= 128:
            (key,) = struct.unpack_from("4s", data, size)
            size += 4
    except struct.error:
        return None
    return first >= 128, first % 16, length, key, size
