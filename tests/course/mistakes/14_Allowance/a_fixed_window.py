# said: Allowance(
class Allowance:
    def __init__(self, rate, burst, now):
        self.rate, self.burst = rate, burst
        self.left, self.at = burst, now
        self.seconds = burst / rate

    def take(self, now):
        if now - self.at >= self.seconds:
            self.left, self.at = self.burst, now
        if self.left < 1:
            return False
        self.left -= 1
        return True
