# said: a number of bytes
def envelope_bytes(text):
    return "42" + json.dumps(["message", text], separators=(",", ":"))
