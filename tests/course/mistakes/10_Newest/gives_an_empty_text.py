# said: of a new Newest
class Newest:
    def __init__(self):
        self.waiting = {}

    def put(self, key, message):
        self.waiting[key] = message

    def take(self):
        for key in self.waiting:
            return self.waiting.pop(key)
        return ""
