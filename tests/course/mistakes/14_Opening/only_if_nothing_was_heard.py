# said: with a byte at each tenth
class Opening:
    def __init__(self, seconds, now):
        self.seconds, self.start = seconds, now
        self.any = False

    def heard(self, now):
        self.any = True

    def late(self, now):
        return not self.any and now > self.start + self.seconds
