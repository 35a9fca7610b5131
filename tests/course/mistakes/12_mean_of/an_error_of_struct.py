# said: raise ValueError
import struct


def mean_of(payload):
    numbers = struct.unpack(f"<{len(payload) // 8}d", payload)
    return struct.pack("<d", sum(numbers) / len(numbers))
