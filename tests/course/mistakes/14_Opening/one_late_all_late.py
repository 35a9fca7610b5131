# said: late() of another Opening
class Opening:
    def __init__(self, seconds, now):
        self.until = now + seconds
        Opening.over = False

    def heard(self, now):
        pass

    def late(self, now):
        if now > self.until:
            Opening.over = True
        return Opening.over
