import secrets


class Once:
    def __init__(self):
        self.users, self.ends = {}, {}

    def issue(self, user, now):
        ticket = secrets.token_hex(32)
        self.users[ticket], self.ends[ticket] = user, now + 30
        return ticket

    def take(self, ticket, now):
        if ticket not in self.users:
            return None
        user, end = self.users.pop(ticket), self.ends.pop(ticket)
        if now >= end:
            return None
        return user
