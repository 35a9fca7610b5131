class Watch:
    def __init__(self, silence, grace, now):
        self.bounds = silence, grace
        self.heard(now)

    def heard(self, now):
        self.silent_from, self.dead_from = now, float("inf")

    def tick(self, now):
        silence, grace = self.bounds
        if now >= self.dead_from:
            return "dead"
        if self.dead_from == float("inf") and now - self.silent_from >= silence:
            self.dead_from = now + grace
        return "wait"
