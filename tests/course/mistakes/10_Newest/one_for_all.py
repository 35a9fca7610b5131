# said: take() of a
WAITING = {}


class Newest:
    def __init__(self):
        self.waiting = WAITING

    def put(self, key, message):
        self.waiting[key] = message

    def take(self):
        for key in self.waiting:
            return self.waiting.pop(key)
        return None
