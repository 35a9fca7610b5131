# said: should be 'wait'; got 'dead'
class Watch:
    def __init__(self, silence, grace, now):
        self.silence, self.grace = silence, grace
        self.first = None
        self.heard(now)

    def heard(self, now):
        self.last = now

    def tick(self, now):
        if now - self.last < self.silence:
            return "wait"
        if self.first is None:
            self.first = now
        return "dead" if now - self.first >= self.grace else "wait"
