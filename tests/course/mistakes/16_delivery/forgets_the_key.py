# said: published with a key
def delivery(lost, replaced, twice):
    return "volatile" if not lost or (replaced and not twice) else "published"
