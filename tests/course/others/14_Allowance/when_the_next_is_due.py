class Allowance:
    def __init__(self, rate, burst, now):
        self.step, self.slack = 1 / rate, (burst - 1) / rate
        self.due = now

    def take(self, now):
        if now < self.due - self.slack - 1e-9:
            return False
        self.due = max(self.due, now) + self.step
        return True
