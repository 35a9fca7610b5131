import secrets


class Once:
    def __init__(self):
        self.open = {}

    def issue(self, user, now):
        ticket = secrets.token_hex(8)
        self.open[ticket] = user, now
        return ticket

    def take(self, ticket, now):
        if ticket in self.open:
            user, began = self.open.pop(ticket)
            if now < began + 30:
                return user
        return None
