# said: of Opening(
class Opening:
    def __init__(self, seconds, now):
        self.seconds, self.start = seconds, now

    def heard(self, now):
        pass

    def late(self, now):
        return now < self.start + self.seconds
