# said: should be 'dead'; got 'wait'
class Watch:
    def __init__(self, silence, grace, now):
        self.silence, self.grace = silence, grace
        self.heard(now)

    def heard(self, now):
        self.last, self.first = now, None

    def tick(self, now):
        if now - self.last < self.silence:
            return "wait"
        first, self.first = self.first or now, now
        return "dead" if now - first >= self.grace else "wait"
