"""Connections one after the other, of a fake device over fake wires; whole clients are in test_reconnect."""

from __future__ import annotations

import threading

import pytest

from tests.waiting import DEADLINE
from wsdemo import ConnectionClosed, HandshakeError
from wsdemo.patterns.backoff import Waits
from wsdemo.patterns.connecting import Connecting
from wsdemo.patterns.messages import PROTOCOL


class Device:
    """A device that has nothing to say but hello, and keeps what it is told."""

    def __init__(self):
        self.bye, self.useful, self.forgotten, self.has_token = {}, False, "", False
        self.finished, self.idle, self.jobs = False, None, []
        self.heard, self.ends = [], 0

    def begin(self):
        self.bye = {}
        return "hello"

    def receive(self, text):
        self.heard.append(text)

    def next_job(self):
        return self.jobs.pop() if self.jobs else None

    def text(self, job):
        return job

    def end(self):
        self.ends += 1


class Wire:
    """A connection on which these texts come, and then this end."""

    def __init__(self, texts, end):
        self.sent, self.closed, self._left = [], [], [*texts, end]

    def send(self, text):
        self.sent.append(text)

    def recv(self, timeout):
        found = self._left.pop(0)
        if isinstance(found, BaseException):
            raise found
        return found

    def cut_off(self):
        self.closed.append("cut off")

    def close(self):
        self.closed.append("closed")


class Line:
    """A `Connecting` whose connections are these, one after the other; without another one it is closed."""

    def __init__(self, *wires):
        self.device, self.told, self.opened = Device(), [], []
        self._wires = list(wires)
        waits = Waits(0.001, 0.001, uniform=lambda low, high: 0.0)
        self.connecting = Connecting(
            "ws://here", self._connect, self.device, waits, 60.0, self.told.append, threading.Condition()
        )

    def _connect(self, url, subprotocols):
        assert (url, subprotocols) == ("ws://here", [PROTOCOL])
        if not self._wires:
            self.connecting.close()
            raise ConnectionRefusedError("no more")
        self.opened.append(self._wires.pop(0))
        if isinstance(self.opened[-1], BaseException):
            raise self.opened[-1]
        return self.opened[-1]

    def run(self):
        self.connecting.read()
        return [(event["type"], event["code"]) for event in self.told]


def test_each_connection_begins_with_hello_and_its_end_is_told():
    wires = Wire(["a", "b"], ConnectionClosed(1012, "again")), Wire(["c"], ConnectionClosed(1001, "away"))
    line = Line(*wires)
    assert line.run() == [("away", 1012), ("away", 1001)]
    assert line.device.heard == ["a", "b", "c"] and line.device.ends == 3
    assert [wire.sent for wire in wires] == [["hello"]] * 2 and [wire.closed for wire in wires] == [
        ["closed"]
    ] * 2


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (ConnectionClosed(1008, "no"), ("ended", 1008)),
        (ConnectionClosed(4401, "no token"), ("ended", 4401)),
        (ConnectionClosed(4409, "twice"), ("away", 4409)),
        (HandshakeError("not here", 403), ("ended", 4403)),
        (HandshakeError("no HTTP", 0), ("away", 1006)),
        (TimeoutError("silence"), ("away", 1006)),
        (ZeroDivisionError("our own"), ("away", 1011)),
    ],
)
def test_an_end_says_whether_another_connection_follows(end, told):
    line = Line(Wire([], end))
    assert line.run() == [told]
    over = line.connecting.over
    assert (over is not None and over.code == told[1]) if told[0] == "ended" else over is None
    assert line.device.forgotten == ("twice" if told[1] == 4409 else "")
    assert line.connecting.stopped


def test_with_a_token_it_comes_back_for_a_new_one():
    line = Line(Wire([], ConnectionClosed(4401, "old")))
    line.device.has_token = True
    assert line.run() == [("away", 4401)]


def test_silence_is_cut_off_and_an_opening_that_fails_has_nothing_to_cut():
    line = Line(Wire([], TimeoutError("silence")), ConnectionRefusedError("no one"))
    assert line.run() == [("away", 1006)] * 2
    assert line.opened[0].closed == ["cut off", "closed"]


@pytest.mark.parametrize(("code", "told"), [(1006, 4408), (1005, 4408), (1012, 1012)])
def test_the_last_words_count_where_the_close_frame_is_lost(code, told):
    line = Line(Wire(["bye"], ConnectionClosed(code, "")))
    line.device.receive = lambda text: line.device.bye.update(code=4408, after=0.0)
    assert line.run() == [("away", told)] and line.told[0]["in"] == 0.0


def test_a_device_that_is_finished_connects_anew_at_once():
    wires = Wire(["confirm"], ValueError("not read")), Wire([], ConnectionClosed(1008, "no"))
    line = Line(*wires)
    line.device.receive = lambda text: setattr(line.device, "finished", True)
    line.device.begin = lambda: setattr(line.device, "finished", False) or "hello"
    assert line.run() == [("ended", 1008)] and wires[1].sent == ["hello"]


class Watched(Connecting):
    """It notes, with the lock's state, what it does to its connection."""

    def __setattr__(self, name, value):
        if name == "_ws":
            self._device.look("no connection" if value is None else "a connection")
        super().__setattr__(name, value)


def test_device_and_connection_change_together_under_the_lock():
    """Else the sender could take a message on one connection, and send it on the next."""
    line, seen = Line(Wire([], ConnectionClosed(1006, ""))), []
    line.device.look = lambda what: seen.append((what, line.connecting._changed._is_owned()))
    line.device.end = lambda: line.device.look("end")
    line.connecting.__class__ = Watched
    line.run()
    assert seen[:3] == [("a connection", True), ("end", True), ("no connection", True)]
    assert all(held for _, held in seen)


def test_the_sender_sends_what_the_device_says_and_a_broken_wire_is_cut_off():
    line, sent = Line(), threading.Event()

    class Broken(Wire):
        def send(self, text):
            super().send(text)
            if text == "two":
                raise OSError("broken")

        def cut_off(self):
            super().cut_off()
            sent.set()

    line.connecting._ws = wire = Broken([], None)
    line.device.jobs = ["two", "one"]
    thread = threading.Thread(target=line.connecting.send)
    thread.start()
    assert sent.wait(DEADLINE)
    line.connecting.close()
    thread.join(DEADLINE)
    assert not thread.is_alive() and wire.sent == ["one", "two"] and wire.closed == ["cut off", "closed"]


def test_close_ends_a_pause():
    line = Line()
    assert line.connecting.pause(0.0)
    line.connecting.close()
    assert not line.connecting.pause(3600.0) and line.connecting.stopped
