# said: and is heard again
class Opening:
    def __init__(self, seconds, now):
        self.seconds, self.start = seconds, now

    def heard(self, now):
        if now > self.start + 2 * self.seconds:
            self.start = now

    def late(self, now):
        return now > self.start + self.seconds
