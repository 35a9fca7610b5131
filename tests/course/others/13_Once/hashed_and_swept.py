import hashlib
import secrets


class Once:
    def __init__(self):
        self.open = {}

    def issue(self, user, now):
        self.open = {key: entry for key, entry in self.open.items() if entry[1] > now}
        ticket = secrets.token_urlsafe()
        self.open[hashlib.sha256(ticket.encode()).digest()] = user, now + 30
        return ticket

    def take(self, ticket, now):
        user, end = self.open.pop(hashlib.sha256(ticket.encode()).digest(), (None, 0))
        return user if now < end else None
