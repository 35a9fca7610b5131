# said: one ticket should say nothing about the next
import uuid


class Once:
    def __init__(self):
        self.open = {}

    def issue(self, user, now):
        ticket = str(uuid.uuid1())
        self.open[ticket] = user, now + 30
        return ticket

    def take(self, ticket, now):
        user, until = self.open.pop(ticket, (None, 0))
        return user if now < until else None
