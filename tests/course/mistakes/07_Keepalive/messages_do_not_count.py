# said: no ping is due
class Keepalive:
    def __init__(self, interval, timeout, now):
        self.interval, self.timeout = interval, timeout
        self.last, self.asked = now, None

    def heard(self, now):
        if self.asked is not None:
            self.last, self.asked = now, None

    def check(self, now):
        if self.asked is None and now - self.last >= self.interval:
            self.asked = now
            return "ping"
        return "dead" if self.asked is not None and now - self.asked >= self.timeout else "wait"
