class Newest:
    def __init__(self):
        self.keys, self.messages = [], []

    def put(self, key, message):
        if key in self.keys:
            self.messages[self.keys.index(key)] = message
        else:
            self.keys.append(key)
            self.messages.append(message)

    def take(self):
        if not self.keys:
            return None
        del self.keys[0]
        return self.messages.pop(0)
