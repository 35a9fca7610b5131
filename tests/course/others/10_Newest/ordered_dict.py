import collections


class Newest:
    def __init__(self):
        self.waiting = collections.OrderedDict()

    def put(self, key, message):
        self.waiting[key] = message

    def take(self):
        return self.waiting.popitem(last=False)[1] if self.waiting else None
