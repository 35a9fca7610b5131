# said: with a byte at each tenth, the last one just now should be True; got False
class Opening:
    def __init__(self, seconds, now):
        self.seconds, self.start = seconds, now

    def heard(self, now):
        self.start = now

    def late(self, now):
        return now > self.start + self.seconds
