# said: should be 'dead'; got 'wait'
class Watch:
    def __init__(self, silence, grace, now):
        self.silence, self.grace = silence, grace
        self.heard(now)

    def heard(self, now):
        self.last, self.first = now, None

    def tick(self, now):
        if now - self.last < 10 * self.silence:
            return "wait"
        if self.first is None:
            self.first = now
        return "dead" if now - self.first >= self.grace else "wait"
