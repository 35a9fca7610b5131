# said: at the start
class Allowance:
    def __init__(self, rate, burst, now):
        self.rate, self.burst = rate, burst
        self.left, self.at = burst, now

    def take(self, now):
        return True
