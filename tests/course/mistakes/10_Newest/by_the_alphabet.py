# said: take()
class Newest:
    def __init__(self):
        self.waiting = {}

    def put(self, key, message):
        self.waiting[key] = message

    def take(self):
        if not self.waiting:
            return None
        return self.waiting.pop(min(self.waiting))
