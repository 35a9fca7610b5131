class Keepalive:
    def __init__(self, interval, timeout, now):
        self.interval, self.timeout = interval, timeout
        self.heard(now)

    def heard(self, now):
        self.ping_at, self.dead_at = now + self.interval, float("inf")

    def check(self, now):
        if now >= self.dead_at:
            return "dead"
        if now < self.ping_at:
            return "wait"
        self.ping_at, self.dead_at = float("inf"), now + self.timeout
        return "ping"
