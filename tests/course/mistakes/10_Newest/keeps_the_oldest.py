# said: take()
class Newest:
    def __init__(self):
        self.waiting = {}

    def put(self, key, message):
        self.waiting.setdefault(key, message)

    def take(self):
        for key in self.waiting:
            return self.waiting.pop(key)
        return None
