# said: a ticket the first time
import secrets


class Once:
    def __init__(self):
        self.open = {}

    def issue(self, user, now):
        self.open[user] = secrets.token_urlsafe(16), now
        return self.open[user][0]

    def take(self, ticket, now):
        for user, (known, at) in list(self.open.items()):
            if known == ticket:
                del self.open[user]
                return user if now < at + 30 else None
