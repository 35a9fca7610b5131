# said: should be one of
def delivery(lost, replaced, twice):
    if not lost or (replaced and not twice):
        return "volatile"
    return "once" if twice else "at least once"
