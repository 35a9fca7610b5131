class Opening:
    def __init__(self, seconds, now):
        self.until = now + seconds

    def heard(self, now):
        pass

    def late(self, now):
        return now >= self.until
