# said: list of events
def page_events(status, frames):
    return "open"
