# said: one message
class Allowance:
    def __init__(self, rate, burst, now):
        self.rate, self.burst = rate, burst
        self.left, self.at = burst, now

    def take(self, now):
        grown = int(now - self.at)
        if grown:
            self.left, self.at = min(self.burst, self.left + grown * self.rate), now
        if self.left < 1:
            return False
        self.left -= 1
        return True
