def delivery(lost, replaced, twice):
    if lost and twice:
        return "published with a key"
    if lost and not replaced:
        return "published"
    return "volatile"
