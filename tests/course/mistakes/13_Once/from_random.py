# said: take it from secrets
import random


class Once:
    def __init__(self):
        self.open = {}

    def issue(self, user, now):
        ticket = f"{random.getrandbits(128):032x}"
        self.open[ticket] = user, now
        return ticket

    def take(self, ticket, now):
        user, at = self.open.pop(ticket, (None, 0))
        return user if now < at + 30 else None
