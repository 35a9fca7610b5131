class Watch:
    def __init__(self, silence, grace, now):
        self.silence, self.grace = silence, grace
        self.state, self.since = "alive", now

    def heard(self, now):
        self.state, self.since = "alive", now

    def tick(self, now):
        passed = now - self.since
        if self.state == "alive" and passed >= self.silence:
            self.state, self.since = "suspect", now
        elif self.state == "suspect" and passed >= self.grace:
            self.state = "dead"
        return "dead" if self.state == "dead" else "wait"
