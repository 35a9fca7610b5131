# said: should be 'ping'
class Keepalive:
    def __init__(self, interval, timeout, now):
        self.interval, self.timeout = interval, timeout
        self.last, self.asked = now, None

    def heard(self, now):
        self.last, self.asked = now, None

    def check(self, now):
        if not self.last:
            return "wait"
        if self.asked is None and now - self.last >= self.interval:
            self.asked = now
            return "ping"
        return "dead" if self.asked is not None and now - self.asked >= self.timeout else "wait"
