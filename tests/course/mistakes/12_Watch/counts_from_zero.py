# said: should be 'wait'
class Watch:
    def __init__(self, silence, grace, now):
        self.silence, self.grace = silence, grace
        self.last, self.first = 0, None

    def heard(self, now):
        self.last, self.first = now, None

    def tick(self, now):
        if now - self.last < self.silence:
            return "wait"
        if self.first is None:
            self.first = now
        return "dead" if now - self.first >= self.grace else "wait"
