# said: StopIteration
class Newest:
    def __init__(self):
        self.waiting = {}

    def put(self, key, message):
        self.waiting[key] = message

    def take(self):
        key = next(iter(self.waiting))
        return self.waiting.pop(key)
