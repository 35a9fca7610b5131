# said: should be 'wait', 'ping' or 'dead'
class Keepalive:
    def __init__(self, interval, timeout, now):
        self.interval, self.timeout = interval, timeout
        self.last, self.asked = now, None

    def heard(self, now):
        self.last, self.asked = now, None

    def check(self, now):
        if self.asked is not None:
            return "dead" if now - self.asked >= self.timeout else None
        if now - self.last >= self.interval:
            self.asked = now
            return "ping"
        return None
