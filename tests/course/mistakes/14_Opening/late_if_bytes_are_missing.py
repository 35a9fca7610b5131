# said: without a byte: late()
class Opening:
    def __init__(self, seconds, now):
        self.seconds, self.start = seconds, now
        self.last = now

    def heard(self, now):
        self.last = now

    def late(self, now):
        return now > self.start + self.seconds or now > self.last + self.seconds / 5
