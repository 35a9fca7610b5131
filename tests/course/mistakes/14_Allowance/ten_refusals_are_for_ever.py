# said: asked 16 times in the time of 2 messages
class Allowance:
    def __init__(self, rate, burst, now):
        self.rate, self.burst = rate, burst
        self.left, self.at = burst, now
        self.refused = 0

    def take(self, now):
        self.left = min(self.burst, self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left < 1 or self.refused > 9:
            self.refused += 1
            return False
        self.left -= 1
        return True
