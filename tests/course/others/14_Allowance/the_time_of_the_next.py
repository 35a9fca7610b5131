class Allowance:
    def __init__(self, rate, burst, now):
        self.each, self.most = 1 / rate, (burst - 1) / rate
        self.next = now

    def take(self, now):
        due = max(self.next, now)
        if due - now > self.most:
            return False
        self.next = due + self.each
        return True
