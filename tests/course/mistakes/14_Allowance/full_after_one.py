# said: and at once again, take() should be False
class Allowance:
    def __init__(self, rate, burst, now):
        self.rate, self.burst = rate, burst
        self.left, self.at = burst, now

    def take(self, now):
        if (now - self.at) * self.rate >= 1:
            self.left, self.at = self.burst, now
        if self.left < 1:
            return False
        self.left -= 1
        return True
