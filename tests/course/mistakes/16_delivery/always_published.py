# said: delivery(
def delivery(lost, replaced, twice):
    return "published"
