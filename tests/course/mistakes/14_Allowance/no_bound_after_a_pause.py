# said: after an hour
class Allowance:
    def __init__(self, rate, burst, now):
        self.rate, self.burst = rate, burst
        self.left, self.at = burst, now

    def take(self, now):
        self.left += (now - self.at) * self.rate
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True
