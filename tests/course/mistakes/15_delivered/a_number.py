# said: should give a list of texts; got
def delivered(events, node, log):
    return len(events)
