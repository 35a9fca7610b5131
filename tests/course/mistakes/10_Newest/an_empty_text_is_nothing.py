# said: three take()
class Newest:
    def __init__(self):
        self.waiting = {}

    def put(self, key, message):
        if message:
            self.waiting[key] = message

    def take(self):
        for key in self.waiting:
            return self.waiting.pop(key)
        return None
