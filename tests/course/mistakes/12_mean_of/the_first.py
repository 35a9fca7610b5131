# said: should be
import struct


def mean_of(payload):
    if not payload or len(payload) % 8:
        raise ValueError("not a Float64Array")
    numbers = struct.unpack(f"<{len(payload) // 8}d", payload)
    return struct.pack("<d", numbers[0])
