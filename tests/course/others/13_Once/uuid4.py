import uuid


class Once:
    def __init__(self):
        self.users, self.times = {}, {}

    def issue(self, user, now):
        ticket = str(uuid.uuid4())
        self.users[ticket], self.times[ticket] = user, now
        return ticket

    def take(self, ticket, now):
        if ticket not in self.users:
            return None
        user, began = self.users.pop(ticket), self.times.pop(ticket)
        return user if now - began < 30 else None
