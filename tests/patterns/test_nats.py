"""A node's connection to a real NATS: news, a broker that dies and comes back, one that is cut off."""

from __future__ import annotations

import asyncio
import builtins
import logging
import threading
from types import SimpleNamespace
from typing import ClassVar

import pytest

from tests import raw
from tests.waiting import DEADLINE, Seen
from wsdemo.patterns import broker as local
from wsdemo.patterns import nats as module
from wsdemo.patterns.nats import Nats, NatsBroker, arrived, token
from wsdemo.proxy.chaos import Chaos, Delay


def direct(function, *args):
    function(*args)


class Node:
    """A connection, and what is heard over it."""

    def __init__(self, url):
        self.seen = Seen()
        self.nats = Nats(url)
        self.broker = NatsBroker(self.nats, direct)
        self.broker.begin(self.seen)

    def close(self):
        self.broker.close()
        self.nats.close()


@pytest.fixture
def node():
    nodes = []

    def make(url):
        nodes.append(Node(url))
        return nodes[-1]

    yield make
    for each in nodes:
        each.close()


def wait_until(condition):
    """Let some time pass until it holds; nothing tells of it."""
    pause = threading.Event()
    for _ in range(int(DEADLINE / 0.02)):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError("it did not come to pass")


def test_the_others_hear_it_in_order_and_the_node_itself_does_not(broker, node, patient):
    ann, bob, eve = (node(broker.url) for _ in range(3))
    for number in range(100):
        assert ann.broker.publish("room.5", b"%d" % number)
    for other in (bob, eve):
        assert [other.seen.next() for _ in range(100)] == [("room.5", b"%d" % n) for n in range(100)]
    assert bob.broker.publish("end", b"")
    assert ann.seen.next() == ("end", b"")
    ann.nats.run(_sent(ann.broker))  # all of it, and without an error


@pytest.mark.parametrize(
    "text", ["#lobby", "@a_b-c", "ann\nphone", "a.b", "*", ">", "é 👋", "~", "%", "x" * 64, "a b\tc"]
)
def test_any_text_is_one_word_of_a_subject(broker, node, patient, text):
    ann, bob = node(broker.url), node(broker.url)
    assert ann.broker.publish(f"to.{token(text)}", text.encode())
    subject, data = bob.seen.next()
    assert subject == f"to.{token(text)}" and data.decode() == text
    assert subject.count(".") == 1


def test_a_node_that_has_begun_hears_what_the_others_say_from_now_on(broker, node, patient):
    with Chaos("127.0.0.1", broker.port, [Delay(0.2)]) as far:
        bob, ann = node(f"nats://127.0.0.1:{far.port}"), node(broker.url)
        assert ann.broker.publish("x", b"the first")
        assert bob.seen.next() == ("x", b"the first")


@pytest.mark.parametrize("first", [b"", b"PING\r\n"])
def test_nats_has_the_subscription_of_a_node_that_has_begun(first):
    """A server by hand, which may say something first: a PING has come behind the SUB, and was answered."""
    came, answers = [], iter([first])

    def script(peer):
        peer.send(b'INFO {"server_id": "by hand", "version": "2.10.0", "max_payload": 1048576}\r\n')
        for line in peer.sock.makefile("rb"):
            came.append(line.split()[0])
            if came[-1] == b"PING":
                peer.send(next(answers, b"") + b"PONG\r\n")

    with raw.server(script, answer=False) as url, Nats(url.replace("ws:", "nats:")) as nats:
        NatsBroker(nats, direct).begin(print)
        assert b"PING" in came[came.index(b"SUB") :]


def test_tokens_differ_where_the_texts_do():
    texts = ["a.b", "a%2Eb", "a~b", "A.B", "a b", "a+b", "a\nb"]
    assert len({token(text) for text in texts}) == len(texts)


def test_a_broker_that_dies_and_comes_back(broker, node, caplog):
    caplog.set_level(logging.DEBUG, "wsdemo")
    ann, bob = node(broker.url), node(broker.url)
    broker.kill()
    wait_until(lambda: not (ann.broker.up or bob.broker.up))
    assert not ann.broker.publish("x", b"nobody hears this")
    wait_until(lambda: "NATS: " in caplog.text)  # an attempt that fails
    broker.start()
    wait_until(lambda: ann.broker.up and bob.broker.up)
    assert ann.broker.publish("x", b"again")
    assert bob.seen.next() == ("x", b"again")


def test_a_node_that_is_cut_off_notices_it_and_comes_back(broker, node):
    with Chaos("127.0.0.1", broker.port) as network:
        ann, bob = node(f"nats://127.0.0.1:{network.port}"), node(broker.url)
        network.freeze()  # no end of the connection tells it
        wait_until(lambda: bob.broker.up and not ann.broker.up)
        network.thaw()
        wait_until(lambda: ann.broker.up)
        assert bob.broker.publish("x", b"back") and ann.seen.until(lambda news: news == ("x", b"back"))
        ann.close()


def test_news_for_a_thread_that_does_not_listen_is_bounded(broker, node, monkeypatch):
    monkeypatch.setattr("wsdemo.patterns.nats.WAITING", 3)
    calls, heard = Seen(), []
    ann, nats = node(broker.url), Nats(broker.url)
    bob = NatsBroker(nats, calls)
    bob.begin(lambda subject, data: heard.append(data))
    for number in range(10):
        assert ann.broker.publish("x", b"%d" % number) or number
    ann.nats.run(_flush(ann))
    nats.run(_nothing())
    wait_until(lambda: len(bob._in) == 3)
    nats.close()
    calls.next()()
    assert len(heard) == 3


async def _sent(broker):
    await broker._sending


async def _flush(node):
    await arrived(node.nats._connection)


async def _nothing():
    pass


def test_no_nats_is_one_line(broker):
    broker.kill()
    with pytest.raises(OSError, match=r"nats://127.0.0.1:\d+: no NATS answers there .*: start one") as caught:
        Nats(broker.url)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("reasons", "told"),
    [([], "no servers"), (["refused"], "refused"), (["wrong password", "gone"], "wrong password")],
)
def test_the_first_reason_is_told_and_not_what_followed_from_it(monkeypatch, reasons, told):
    class Refused:
        async def connect(self, servers, error_cb, **options):
            for reason in reasons:
                await error_cb(OSError(reason))
            raise OSError("no servers")

        async def close(self):
            pass

    monkeypatch.setattr("nats.aio.client.Client", Refused)
    with pytest.raises(OSError) as caught:
        Nats("nats://a:1")
    why = "start one, or give another address"
    assert str(caught.value) == f"nats://a:1: no NATS answers there ({told}): {why}"


def test_without_the_package_one_line_says_how_to_get_it(monkeypatch):
    really = builtins.__import__

    def missing(name, *args, **kwargs):
        if name.split(".")[0] == "nats":
            raise ImportError("No module named 'nats'")
        return really(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportError, match=r"NATS needs the package nats-py: pip install 'wsdemo\[scale\]'"):
        Nats("nats://127.0.0.1:1")


class FakeClient:
    """A connection that is there until `end` is called."""

    made: ClassVar = []
    is_connected = True

    async def connect(self, servers, closed_cb, **options):
        self.made.append(self)
        self._closed, self._loop = closed_cb, asyncio.get_running_loop()

    def end(self):
        asyncio.run_coroutine_threadsafe(self._closed(), self._loop)

    async def flush(self, timeout):
        pass

    async def close(self):
        pass


class Part:
    """A part on a connection, and what it is told."""

    def __init__(self):
        self.told = Seen()

    async def connected(self, connection):
        self.told(connection)

    def lost(self):
        self.told("lost")

    def alive(self):
        return True


@pytest.fixture
def fake(monkeypatch):
    """Nothing is looked at before an hour has passed."""
    monkeypatch.setattr("nats.aio.client.Client", FakeClient)
    monkeypatch.setattr(module, "BEAT", 3600.0)
    yield FakeClient
    FakeClient.made.clear()


def test_the_end_of_a_connection_is_noticed_when_it_comes(fake):
    part = Part()
    with Nats("nats://a:1") as nats:
        nats.add(part)
        first = part.told.next()
        first.end()
        assert part.told.next() == "lost"
        second = part.told.next()
        assert fake.made == [first, second]
        wait_until(lambda: not nats._closing)
    assert part.told.next() == "lost" and part.told.empty()


def test_nothing_is_left_of_a_pause(fake):
    async def pauses(nats):
        before = len(asyncio.all_tasks())
        for _ in range(5):
            await nats._pause(0, asyncio.Event())
        await asyncio.sleep(0)
        return len(asyncio.all_tasks()) - before

    with Nats("nats://a:1") as nats:
        assert nats.run(pauses(nats)) == 0


def test_a_broker_that_has_left_hears_nothing(fake):
    seen, more = Seen(), SimpleNamespace(subject="news.x", data=b"1")
    with Nats("nats://a:1") as nats:
        broker = NatsBroker(nats, direct)
        broker._receive = seen
        asyncio.run(broker._came(more))
        broker.close()
        asyncio.run(broker._came(more))
    assert seen.next() == ("x", b"1") and seen.empty()


def test_a_thread_that_fails_says_so(monkeypatch, caplog):
    class Connected:
        is_connected = True

        async def connect(self, servers, **options):
            pass

    async def broken(*args):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("nats.aio.client.Client", Connected)
    monkeypatch.setattr(Nats, "_watch", broken)
    with Nats("nats://a:1"):
        pass
    assert "the thread of NATS has ended" in caplog.text and "division by zero" in caplog.text


def test_the_thread_ends_with_it(broker):
    def running():
        return [thread.name for thread in threading.enumerate() if thread.name == "wsdemo-nats"]

    with Nats(broker.url) as nats:
        assert nats.up and running()
    assert not running()
    nats.call(print)  # nothing happens
    nats.close()


def test_both_brokers_have_the_same_methods():
    public = [name for name in vars(local.LocalBroker) if not name.startswith("_")]
    assert all(hasattr(NatsBroker, name) for name in public if name != "put")
