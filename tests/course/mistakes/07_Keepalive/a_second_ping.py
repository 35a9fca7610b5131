# said: second ping
class Keepalive:
    def __init__(self, interval, timeout, now):
        self.interval, self.timeout = interval, timeout
        self.last, self.asked = now, None

    def heard(self, now):
        self.last, self.asked = now, None

    def check(self, now):
        if now - self.last >= self.interval + self.timeout:
            return "dead"
        return "ping" if now - self.last >= self.interval else "wait"
