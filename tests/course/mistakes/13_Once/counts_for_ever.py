# said: a ticket the second time
import secrets


class Once:
    def __init__(self):
        self.open = {}

    def issue(self, user, now):
        ticket = secrets.token_urlsafe(16)
        self.open[ticket] = user, now
        return ticket

    def take(self, ticket, now):
        user, at = self.open.get(ticket, (None, 0))
        return user if now < at + 30 else None
