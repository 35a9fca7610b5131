# said: delivery(
def delivery(lost, replaced, twice):
    if not lost:
        return "volatile"
    return "published with a key" if twice else "published"
