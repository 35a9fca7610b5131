# said: delivery(
def delivery(lost, replaced, twice):
    if twice:
        return "published with a key"
    return "published" if lost and not replaced else "volatile"
