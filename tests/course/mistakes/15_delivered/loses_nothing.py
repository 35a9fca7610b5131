# said: log=False) should be
def delivered(events, node, log):
    return [event[1] for event in events if not isinstance(event, str)]
