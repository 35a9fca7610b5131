# said: raise ValueError
import struct


def mean_of(payload):
    count = len(payload) // 8
    if not count:
        raise ValueError("no number")
    numbers = struct.unpack(f"<{count}d", payload[: count * 8])
    return struct.pack("<d", sum(numbers) / count)
