# said: 16 letters or more
class Once:
    def __init__(self):
        self.open = {}

    def issue(self, user, now):
        ticket = str(len(self.open) + 1)
        self.open[ticket] = user, now
        return ticket

    def take(self, ticket, now):
        user, at = self.open.pop(ticket, (None, 0))
        return user if now < at + 30 else None
