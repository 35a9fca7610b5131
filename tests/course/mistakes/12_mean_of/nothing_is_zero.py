# said: no bytes
import struct


def mean_of(payload):
    if not payload:
        return bytes(8)
    if len(payload) % 8:
        raise ValueError("not a Float64Array")
    numbers = struct.unpack(f"<{len(payload) // 8}d", payload)
    return struct.pack("<d", sum(numbers) / len(numbers))
