# said: delivery(
def delivery(lost, replaced, twice):
    if replaced:
        return "volatile"
    if not lost:
        return "volatile"
    return "published with a key" if twice else "published"
