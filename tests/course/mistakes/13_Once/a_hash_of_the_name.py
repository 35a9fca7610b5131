# said: of 4 tickets, those that differ
import hashlib


class Once:
    def __init__(self):
        self.open = {}

    def issue(self, user, now):
        ticket = hashlib.sha256(user.encode()).hexdigest()
        self.open[ticket] = user, now
        return ticket

    def take(self, ticket, now):
        user, at = self.open.pop(ticket, (None, 0))
        return user if now < at + 30 else None
