# said: take()
class Newest:
    def __init__(self):
        self.waiting = {}

    def put(self, key, message):
        self.waiting[key] = message

    def take(self):
        return self.waiting.popitem()[1] if self.waiting else None
