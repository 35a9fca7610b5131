# said: a ticket after 30 s
import secrets


class Once:
    def __init__(self):
        self.open = {}

    def issue(self, user, now):
        ticket = secrets.token_urlsafe(16)
        self.open[ticket] = user, now
        return ticket

    def take(self, ticket, now):
        return self.open.pop(ticket, (None, 0))[0]
