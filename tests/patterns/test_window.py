"""Go-back-N against a server whose answers come late, in two kinds of order, and refuse at random."""

from __future__ import annotations

import collections
import os
import random

import pytest

from wsdemo.patterns.window import Window
from wsdemo.protocol.errors import ProtocolError

#: Random schedules of one run.
RUNS = int(os.environ.get("WSDEMO_SCHEDULES", "300"))


def sent(window, last=100, now=0.0):
    return list(iter(lambda: window.take(last, now), None))


def test_confirmations_are_cumulative_and_open_the_window():
    window = Window(first=5, size=3)
    assert sent(window) == [5, 6, 7]
    window.confirmed(6)
    assert sent(window) == [8, 9]
    window.confirmed(4)  # an old one
    assert sent(window) == []
    assert sent(Window(first=1), last=2) == [1, 2]


def test_a_confirmation_of_what_was_not_sent_is_the_servers_mistake():
    window = Window(first=1)
    sent(window, last=3)
    with pytest.raises(ProtocolError, match="confirm 4, but only numbers up to 3 were sent"):
        window.confirmed(4)


def test_after_a_drop_its_number_was_not_sent():
    window = Window(first=1)
    sent(window, last=5)
    assert window.dropped(3, now=0.0)
    with pytest.raises(ProtocolError):
        window.confirmed(3)
    window.confirmed(2)
    assert sent(window, last=4) == [3]
    window.confirmed(3)
    assert sent(window, last=4) == [4]


def test_a_server_that_stored_what_it_refused():
    window = Window(first=1)
    sent(window, last=5)
    assert window.refused(3, now=0.0, retry=9.0)
    window.confirmed(4)
    assert (window.first, window.next) == (5, 5)
    assert sent(window, last=5, now=8.9) == [] and sent(window, last=5, now=9.0) == [5]


def test_answers_to_a_flight_that_is_over_count_for_nothing():
    window = Window(first=1)
    sent(window, last=6)
    assert window.dropped(2, now=0.0)
    assert not window.dropped(3, now=0.0)  # it is number 2 now
    assert not window.dropped(2, now=0.0)  # it has not been sent again
    assert not window.refused(5, now=0.0)
    window.out_of_order(4, 2, now=0.0)
    assert sent(window, last=5) == [2]
    window.out_of_order(4, 2, now=0.0)
    assert sent(window, last=5) == []
    assert window.dropped(2, now=0.0)  # this one is an answer to it
    assert window.refused(1, now=0.0)  # what went before can still fail


@pytest.mark.parametrize("expected", [0, 1, 4, 5, 9])
def test_out_of_order_must_make_sense(expected):
    window = Window(first=1)
    sent(window, last=6)
    window.confirmed(1)
    with pytest.raises(ProtocolError, match="4 is out of order"):
        window.out_of_order(4, expected, now=0.0)
    window.out_of_order(4, 3, now=0.0)
    assert sent(window, last=6) == [3]


class Model:
    """A server, its log with commits that may fail, and the two directions of a connection."""

    def __init__(self, chance, rights_first):
        self.chance, self.rights_first = chance, rights_first
        self.stored, self.expected, self.log = [], 1, collections.deque()
        self.up, self.down = collections.deque(), collections.deque()

    def arrive(self):
        """A message comes in: it is refused, or waits for the log."""
        n, body = self.up.popleft()
        if self.rights_first and body.startswith("bad"):
            self.down.append(("permanent", n, 0))
        elif n < self.expected:
            # As the log says it, in turn: it may be one that still waits there.
            self.log.append((n, None))
        elif n > self.expected:
            self.down.append(("out of order", n, self.expected))
        elif body.startswith("bad"):
            self.down.append(("permanent", n, 0))
        elif self.chance.random() < 0.1:
            self.down.append(("temporary", n, 0))
        else:
            self.expected += 1
            self.log.append((n, body))

    def commit(self):
        """A transaction of the log: all of it, or nothing."""
        batch = [self.log.popleft() for _ in range(self.chance.randint(1, len(self.log)))]
        fails = self.chance.random() < 0.15
        for n, body in batch:
            if n <= len(self.stored):
                self.down.append(("confirm", len(self.stored), 0))
            elif body is None or n > len(self.stored) + 1:
                self.down.append(("out of order", n, len(self.stored) + 1))
            elif fails:
                self.down.append(("temporary", n, 0))
                self.expected = min(self.expected, n)
            else:
                self.stored.append(body)
                self.down.append(("confirm", n, 0))
                self.expected = max(self.expected, n + 1)


class Sender:
    """A client: a queue of bodies and a window."""

    def __init__(self, bodies):
        self.queue, self.confirmed, self.dropped = list(bodies), 0, []
        self.window = Window(first=1, size=8)

    def send(self, server):
        number = self.window.take(self.confirmed + len(self.queue), 0.0)
        if number is not None:
            server.up.append((number, self.queue[number - self.confirmed - 1]))
        return number is not None

    def hear(self, server):
        kind, n, expected = server.down.popleft()
        if kind == "confirm":
            self.window.confirmed(n)
            del self.queue[: max(0, n - self.confirmed)]
            self.confirmed = max(self.confirmed, n)
        elif kind == "temporary":
            self.window.refused(n, 0.0)
        elif kind == "out of order":
            self.window.out_of_order(n, expected, 0.0)
        elif self.window.expects(n):
            self.dropped.append(self.queue.pop(n - self.confirmed - 1))
            self.window.dropped(n, 0.0)


def play(seed, rights_first):
    """A random schedule to its end; the bodies, the server and the client."""
    chance = random.Random(seed)
    bodies = [f"{'bad' if chance.random() < 0.2 else 'good'} {number}" for number in range(40)]
    server, client = Model(chance, rights_first), Sender(bodies)
    for _ in range(20_000):
        steps = [("send", lambda: client.send(server))]
        steps += [("arrive", server.arrive)] if server.up else []
        steps += [("commit", server.commit)] if server.log else []
        steps += [("hear", lambda: client.hear(server))] if server.down else []
        chance.choice(steps)[1]()
        if not (client.queue or server.up or server.log or server.down):
            return bodies, server, client
    raise AssertionError(f"seed {seed} comes to no end: {client.queue}")


@pytest.mark.parametrize("rights_first", [False, True])
def test_random_schedules_lose_nothing_and_double_nothing(rights_first):
    for seed in range(RUNS):
        bodies, server, client = play(seed, rights_first)
        assert server.stored == [body for body in bodies if body.startswith("good")], f"seed {seed}"
        assert client.dropped == [body for body in bodies if body.startswith("bad")], f"seed {seed}"
