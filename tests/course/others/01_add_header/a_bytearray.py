def add_header(text):
    payload = text.encode()
    message = bytearray(b" " * 10)
    digits = b"%d" % len(payload)
    message[: len(digits)] = digits
    message.extend(payload)
    return message
