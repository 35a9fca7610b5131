import os


class Once:
    def __init__(self):
        self.open = []

    def issue(self, user, now):
        self.open.append((os.urandom(20).hex(), user, now))
        return self.open[-1][0]

    def take(self, ticket, now):
        found = [entry for entry in self.open if entry[0] == ticket]
        self.open = [entry for entry in self.open if entry[0] != ticket]
        return next((user for _, user, at in found if now - at < 30), None)
