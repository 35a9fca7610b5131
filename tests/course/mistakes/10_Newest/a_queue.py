# said: take()
class Newest:
    def __init__(self):
        self.waiting = []

    def put(self, key, message):
        self.waiting.append(message)

    def take(self):
        return self.waiting.pop(0) if self.waiting else None
