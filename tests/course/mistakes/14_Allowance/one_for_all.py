# said: Allowance(
class Allowance:
    def __init__(self, rate, burst, now):
        if not hasattr(Allowance, "left"):
            Allowance.left, Allowance.at = burst, now
        self.rate, self.burst = rate, burst

    def take(self, now):
        Allowance.left = min(self.burst, Allowance.left + (now - Allowance.at) * self.rate)
        Allowance.at = now
        if Allowance.left < 1:
            return False
        Allowance.left -= 1
        return True
