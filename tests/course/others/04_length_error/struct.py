import struct


def length_error(data):
    if data[1] & 127 == 126:
        return struct.unpack_from("!H", data, 2)[0] <= 125
    if data[1] & 127 == 127:
        return struct.unpack_from("!q", data, 2)[0] < 65536
    return False
