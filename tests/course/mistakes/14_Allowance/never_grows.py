# said: one message
class Allowance:
    def __init__(self, rate, burst, now):
        self.rate, self.burst = rate, burst
        self.left, self.at = burst, now

    def take(self, now):
        self.left -= 1
        return self.left >= 0
