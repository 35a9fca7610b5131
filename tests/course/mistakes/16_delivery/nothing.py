# said: should be one of
def delivery(lost, replaced, twice):
    pass
