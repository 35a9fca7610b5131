# said: a ticket after 29.9 s
import secrets


class Once:
    def __init__(self):
        self.open = {}

    def issue(self, user, now):
        ticket = secrets.token_urlsafe(16)
        self.open[ticket] = user, now
        return ticket

    def take(self, ticket, now):
        user, at = self.open.pop(ticket, (None, 0))
        return user if now < at + 20 else None
