"""A server of rooms that a test looks into, and a client without any help."""

from __future__ import annotations

import inspect
import json
import random
import threading
import time
from typing import ClassVar

import pytest

from tests.waiting import DEADLINE
from wsdemo import ConnectionClosed, Limits, connect, serve
from wsdemo.patterns.log import MemoryLog, Post
from wsdemo.patterns.messages import PROTOCOL, SERVER, parse
from wsdemo.patterns.rooms import Rooms
from wsdemo.patterns.session import Identity, RoomLimits

FAST = {"publishes": (1e6, 1e6), "requests": (1e6, 1e6)}


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class House:
    """A server of rooms; users name themselves by their token."""

    def __init__(self, log=MemoryLog, limits=None, server_limits=None, may=lambda *a: True, **options):
        self.clock = Clock()
        broker = options.pop("broker", lambda call: None)
        identify = options.pop("identify", lambda ws, token: Identity(token) if token else None)
        times = {"clock": self.clock, "wall": options.pop("wall", time.time)}
        chance = {"uniform": options.pop("uniform", random.uniform)}
        self.rooms = Rooms(may, identify, limits or RoomLimits(**FAST), **times, **chance)
        self.server = serve(self.rooms, subprotocols=[PROTOCOL], limits=server_limits)
        if "call" in inspect.signature(log).parameters:  # a log with a thread of its own
            options["call"] = self.server.call_soon
        self.log = log(self.rooms.stored, **options)
        self.broker = broker(self.server.call_soon)
        self.run(self.rooms.begin, self.server, self.log, self.broker)

    def run(self, function, *args):
        """Call it in the server's thread, and wait for the end."""
        done, result = threading.Event(), []
        self.server.call_soon(lambda: (result.append(function(*args)), done.set()))
        assert done.wait(DEADLINE)
        return result[0]

    def tick(self, seconds):
        """Time goes on, behind all that has reached the server's thread."""

        def later():
            self.clock.now += seconds
            self.rooms.tick()

        self.run(later)


class Client:
    """A client without any help: it sends what it is told, and checks the form of what comes."""

    made: ClassVar = []

    def __init__(self, house, user="ann", device="phone", **options):
        self.ws = connect(house.server.url, subprotocols=[PROTOCOL], compression=False, **options)
        self.made.append(self.ws)
        self.say("hello", v=1, device=device, token=user)

    def say(self, kind, **fields):
        self.ws.send(json.dumps({"type": kind, **fields}))

    def hear(self):
        return parse(self.ws.recv(DEADLINE), SERVER)

    def until(self, kind):
        while (message := self.hear())["type"] != kind:
            pass
        return message

    def join(self, channel="#lobby", **fields):
        self.say("join", id=1, channel=channel, **fields)
        return self.until("ok")

    def publish(self, n, body="hi", channel="#lobby"):
        self.say("publish", n=n, channel=channel, body=body)

    def ended(self):
        """The bye, and the close code."""
        bye = self.until("bye")
        with pytest.raises(ConnectionClosed) as caught:
            self.ws.recv(DEADLINE)
        assert caught.value.code == bye["code"]
        return bye


def welcomed(house, *args, **options):
    client = Client(house, *args, **options)
    client.welcome = client.until("welcome")
    return client


def fill(place, count, size=10, channel="#lobby", device="writer"):
    for n in range(1, count + 1):
        place.log.append(Post(channel, device, n, "bob", json.dumps("x" * size)))


def small_buffers():
    return Limits(high_water=32 * 1024)
