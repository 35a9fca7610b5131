# said: seconds after it, should be 'wait'; got 'dead'
class Keepalive:
    def __init__(self, interval, timeout, now):
        self.interval, self.timeout = interval, timeout
        self.last, self.asked = now, False

    def heard(self, now):
        self.last, self.asked = now, False

    def check(self, now):
        silence = now - self.last
        if self.asked:
            return "dead" if silence >= self.interval + self.timeout else "wait"
        self.asked = silence >= self.interval
        return "ping" if self.asked else "wait"
