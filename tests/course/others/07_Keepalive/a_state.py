class Keepalive:
    def __init__(self, interval, timeout, now):
        self.times = {"quiet": interval, "asked": timeout}
        self.state, self.since = "quiet", now

    def heard(self, now):
        self.state, self.since = "quiet", now

    def check(self, now):
        if now - self.since < self.times[self.state]:
            return "wait"
        if self.state == "asked":
            return "dead"
        self.state, self.since = "asked", now
        return "ping"
