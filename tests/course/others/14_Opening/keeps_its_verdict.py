class Opening:
    def __init__(self, seconds, now):
        self.seconds, self.start = seconds, now
        self.over = False

    def heard(self, now):
        self.over = self.late(now)

    def late(self, now):
        self.over = self.over or now - self.start > self.seconds
        return self.over
