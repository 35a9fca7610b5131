# said: delivery(
def delivery(lost, replaced, twice):
    if not lost:
        return "published"
    if replaced and not twice:
        return "volatile"
    return "published with a key" if twice else "published"
