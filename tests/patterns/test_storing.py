"""Storing the posts of devices in a stream: the order, second copies, failures; the stream is a fake."""

from __future__ import annotations

import asyncio

import pytest

from wsdemo.patterns import storing
from wsdemo.patterns.entries import Post
from wsdemo.patterns.questions import StreamMessage
from wsdemo.patterns.storing import Last, Storing, entry_of


class Stream:
    """A stream that refuses what does not expect its newest message of a device, as NATS does."""

    def __init__(self):
        self.messages, self.errors = [], []

    async def publish(self, subject, body, headers, last, of):
        await asyncio.sleep(0)  # others may go on
        if self.errors:
            raise self.errors.pop()
        if last != (await self.newest(of))[0]:
            return 0
        self.messages.append(StreamMessage(len(self.messages) + 1, subject, headers, 5.0, body))
        return len(self.messages)

    async def newest(self, subjects):
        await asyncio.sleep(0)
        device = subjects.rpartition(".")[2]
        found = [message for message in self.messages if message.subject.endswith(f".{device}")]
        return (found[-1].sequence, found[-1].headers) if found else (0, {})


class Node:
    """One of the nodes that store in a stream."""

    def __init__(self, stream):
        self.told, self.tasks = [], []
        self.storing = Storing(
            stream, self._start, self._stored, lambda then, number: self.told.append(number)
        )

    def _start(self, job):
        self.tasks.append(asyncio.ensure_future(job))

    def _stored(self, outcome):
        self.told.append((outcome.post.device, outcome.post.n, outcome.status, outcome.expected))

    def do(self, *jobs):
        """Do jobs to the last: the fates and the answers, in their order."""
        self.told, self.tasks = [], []
        asyncio.run(self._do(jobs))
        return self.told

    async def _do(self, jobs):
        for job in jobs:
            self.storing.take(job)
        assert self.storing.working
        await asyncio.gather(*self.tasks)
        assert not self.storing.working


def post(n, device="a", channel="#lobby", body="hello"):
    return Post(channel, device, n, "ann", body)


def test_the_posts_of_a_device_go_one_after_the_other_beside_those_of_others():
    stream = Stream()
    told = Node(stream).do(*[post(n, device) for device in "ab" for n in (1, 2, 3)])
    assert [fate for fate in told if fate[0] == "a"] == [("a", n, "stored", n + 1) for n in (1, 2, 3)]
    assert [message.subject[-1] for message in stream.messages] == ["a", "b"] * 3


@pytest.mark.parametrize(("n", "fate"), [(1, ("again", 3)), (2, ("again", 3)), (4, ("out of order", 3))])
def test_only_the_next_number_is_stored(n, fate):
    stream = Stream()
    assert Node(stream).do(post(1), post(2), post(n))[2:] == [("a", n, *fate)]
    assert len(stream.messages) == 2


def test_a_second_copy_from_another_node_is_refused_by_the_stream():
    """The first node knows the device as it was before: it asks, and then it knows."""
    stream = Stream()
    first, second = Node(stream), Node(stream)
    first.do(post(1))
    assert second.do(post(2)) == [("a", 2, "stored", 3)]
    assert first.do(post(2), post(3)) == [("a", 2, "again", 3), ("a", 3, "stored", 4)]
    assert len(stream.messages) == 3


def test_behind_a_failure_nothing_is_stored_until_the_device_asks():
    stream = Stream()
    stream.errors = [OSError("lost")]
    told = Node(stream).do(post(1), post(2), Last("a", print), post(1))
    assert told == [("a", 1, "failed", 0), ("a", 2, "failed", 0), 0, ("a", 1, "stored", 2)]


def test_a_last_number_that_can_not_be_read_is_none(caplog):
    stream = Stream()

    async def lost(subjects):
        raise ConnectionError("lost")

    stream.newest = lost
    assert Node(stream).do(Last("a", print)) == [None]
    assert "can't be read: lost" in caplog.text


def test_devices_that_are_not_needed_are_forgotten(monkeypatch):
    monkeypatch.setattr(storing, "DEVICES", 3)
    node = Node(Stream())
    for name in "abcdef":
        node.do(post(1, name))
    assert list(node.storing._devices) == ["d", "e", "f"]
    assert node.do(post(1)) == [("a", 1, "again", 2)]  # the stream knows it
    node.storing.forget()
    assert not node.storing._devices


@pytest.mark.parametrize("channel", ["#lobby", "@bob", "#a.b~c"])
def test_a_message_of_the_stream_is_the_entry_that_was_posted(channel):
    stream = Stream()
    Node(stream).do(post(1, "ann\nphone", channel, '"grüße"'))
    assert entry_of(stream.messages[0]) == (channel, (1, "ann", "ann\nphone", 1, 5.0, '"grüße"'))


@pytest.mark.parametrize(
    ("subject", "headers"),
    [("log.x.y", {}), ("log.x.y", {"Sender": "a", "Number": "x"}), ("log.x", {"Sender": "a", "Number": "1"})],
)
def test_a_message_of_another_program_is_no_entry(subject, headers, caplog):
    assert entry_of(StreamMessage(7, subject, headers, 5.0, b"")) is None
    assert "message 7 of the stream is none of a log" in caplog.text
