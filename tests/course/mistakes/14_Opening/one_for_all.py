# said: late() of another Opening
class Opening:
    def __init__(self, seconds, now):
        Opening.start = min(now, getattr(Opening, "start", now))
        self.seconds = seconds

    def heard(self, now):
        pass

    def late(self, now):
        return now > Opening.start + self.seconds
