"""The log in a stream of a real NATS: numbers, pages, two nodes, a broker that is killed, forgetting."""

from __future__ import annotations

import queue
import threading

import pytest

from tests.waiting import DEADLINE, Seen
from wsdemo.patterns import jetstream, storing
from wsdemo.patterns.jetstream import STREAM, JetStreamLog
from wsdemo.patterns.log import Post
from wsdemo.patterns.nats import Nats
from wsdemo.patterns.stream import NatsStream
from wsdemo.proxy.chaos import Chaos


class Node:
    """A node: its connection, its log, its own posts' fates and the news of all."""

    def __init__(self, url, **options):
        self.fates, self.news = Seen(), Seen()
        self.nats = Nats(url)
        self.log = JetStreamLog(self.nats, self._done, **options)

    def _done(self, outcomes):
        for outcome in outcomes:
            (self.news if outcome.status in ("news", "missed") else self.fates)(outcome)

    def post(self, n, body="x", channel="#lobby", device="ann\nphone", sender="ann"):
        return self.log.append(Post(channel, device, n, sender, body))

    def fate(self):
        outcome = self.fates.next()
        assert outcome.entry is None
        return outcome.status, outcome.expected

    def ask(self, function, *args):
        answer = queue.SimpleQueue()
        assert function(*args, answer.put)
        return answer.get(timeout=DEADLINE)

    def page(self, channel="#lobby", after=0, size=10_000):
        return self.ask(self.log.read, channel, after, size)

    def last(self, device="ann\nphone"):
        return self.ask(self.log.last, device)

    def purge(self, up_to):
        """As age and bytes do: the stream keeps nothing below."""
        self.nats.run(self.log._stream.ask._js.purge_stream(STREAM, seq=up_to))

    def close(self):
        self.log.close()
        self.nats.close()


@pytest.fixture
def node():
    nodes = []

    def make(url, **options):
        nodes.append(Node(url, **options))
        return nodes[-1]

    yield make
    for each in nodes:
        each.close()


def until(condition):
    pause = threading.Event()
    for _ in range(int(DEADLINE / 0.02)):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError("it did not come to pass")


def test_a_post_is_stored_once_and_shown_to_all_nodes(broker, node, patient):
    ann, bob = node(broker.url), node(broker.url)
    assert ann.post(1, '"hello"')
    assert ann.fate() == ("stored", 2)
    for each in (ann, bob):
        news = each.news.next()
        assert news.post == Post("#lobby", "ann\nphone", 1, "ann", '"hello"')
        assert (news.entry.offset, news.entry.body, news.entry.device) == (1, '"hello"', "ann\nphone")
    page = bob.page()
    assert page.entries == (news.entry,) and (page.first, page.top, page.gap) == (1, 1, None)
    assert ann.log.epoch == bob.log.epoch != ""


@pytest.mark.parametrize(("n", "fate"), [(1, ("again", 3)), (2, ("again", 3)), (4, ("out of order", 3))])
def test_only_the_next_number_is_stored(broker, node, n, fate, patient):
    ann = node(broker.url)
    assert ann.post(1) and ann.post(2) and ann.post(n)
    assert [ann.fate() for _ in range(3)] == [("stored", 2), ("stored", 3), fate]
    assert len(ann.page().entries) == 2 and ann.last() == 2
    until(lambda: not (ann.log._tasks or ann.log._stream.ask._asking))  # nothing is kept of what was answered


def test_a_device_that_moves_to_another_node_and_back(broker, node, patient):
    one, two = node(broker.url), node(broker.url)
    assert one.post(1) and one.fate() == ("stored", 2)
    assert two.post(1) and two.fate() == ("again", 2)  # its confirmation was lost, say
    assert two.post(2) and two.fate() == ("stored", 3)
    assert one.post(2) and one.fate() == ("again", 3)  # the first node believed that 2 was next
    assert one.post(3) and one.fate() == ("stored", 4)
    assert two.last() == 3
    assert [entry.n for entry in two.page().entries] == [1, 2, 3]


def test_two_nodes_that_store_the_same_number_at_once(broker, node, patient):
    nodes = [node(broker.url) for _ in range(2)]
    for n in range(1, 101):
        assert [each.post(n) for each in nodes] == [True, True]
    for each in nodes:
        assert {each.fate()[0] for _ in range(100)} <= {"stored", "again", "out of order", "failed"}
    numbers = [entry.n for entry in nodes[0].page(size=10**6).entries]
    assert numbers == list(range(1, len(numbers) + 1))


NAMES = [
    ("#a", "ann\nphone"), ("@a", "ann\nPHONE"), ("#" + "x" * 32, "y" * 64 + "\n" + "z" * 64),
    ("#a_b-c", "a.b\nc.d"), ("#a", "*\n>"), ("#a", "é 👋\nü"), ("#-", "_\n-"), ("#0", "%2E\n~"),
]  # fmt: skip


def test_channels_and_devices_at_the_edges_of_their_alphabets(broker, node, patient):
    ann = node(broker.url)
    for channel, device in NAMES:
        assert ann.post(1, f'"{device!r}"', channel, device, sender=device.split("\n")[0])
        assert ann.fate() == ("stored", 2)
    for channel, device in NAMES:
        assert ann.last(device) == 1
        here = [name for place, name in NAMES if place == channel]
        page = ann.page(channel)
        assert [(entry.device, entry.sender) for entry in page.entries] == [
            (name, name.split("\n")[0]) for name in here
        ]
    assert ann.last("ann\nother") == 0 and ann.page("#nothing").entries == ()


def test_a_page_is_bounded_by_bytes_and_has_one_entry_at_least(broker, node, patient):
    ann = node(broker.url)
    for n in range(1, 11):
        assert ann.post(n, "x" * 100)
    assert [ann.fate()[0] for _ in range(10)] == ["stored"] * 10
    assert [len(ann.page(size=size).entries) for size in (0, 99, 100, 10_000)] == [1, 1, 1, 10]
    assert 1 < len(ann.page(size=1500).entries) < 10
    page = ann.page(after=7)
    assert [entry.offset for entry in page.entries] == [8, 9, 10] and page.top == 10
    assert ann.page(after=2**53 - 1).entries == () and ann.page(after=2**53 - 1).top == 10


def test_a_page_and_the_news_tell_the_same_time(broker, node, patient):
    ann = node(broker.url)
    for n in range(1, 51):
        assert ann.post(n)
    news = [ann.news.next().entry for _ in range(50)]
    assert list(ann.page().entries) == news


def test_what_the_stream_no_longer_keeps_is_a_gap(broker, node, patient):
    ann = node(broker.url)
    for n in range(1, 11):
        assert ann.post(n)
    assert [ann.fate()[0] for _ in range(10)] == ["stored"] * 10
    ann.purge(up_to=6)
    page = ann.page(after=2)
    assert page.gap == (3, 5) and [entry.offset for entry in page.entries] == [6, 7, 8, 9, 10]
    assert ann.page(after=5).gap is None
    ann.purge(up_to=11)
    page = ann.page(after=2)  # it ends, and does not ask for the top for ever
    assert (page.gap, page.entries, page.top) == ((3, 10), (), 10)
    assert ann.page("#quiet", after=10).gap is None


def test_a_device_whose_last_message_is_gone_goes_on_where_it_is_known(broker, node, patient):
    ann, bob = node(broker.url), node(broker.url)
    assert ann.post(1) and ann.fate() == ("stored", 2)
    ann.purge(up_to=2)
    assert ann.post(2) and ann.fate() == ("stored", 3)
    ann.purge(up_to=3)
    assert bob.last() == 0  # for all others it is a new device


def test_a_broker_that_is_killed_loses_nothing_and_doubles_nothing(broker, node):
    ann, bob = node(broker.url), node(broker.url)
    n = 0
    for kill in range(1, 4):
        for _ in range(20):
            n += 1
            assert ann.post(n, str(n))
            assert ann.fate() == ("stored", n + 1)
        for ahead in range(1, 6):
            assert ann.post(n + ahead, str(n + ahead))
        broker.kill()
        fates = [ann.fates.next() for _ in range(5)]
        assert {outcome.status for outcome in fates} <= {"stored", "failed"}
        until(lambda: not (ann.nats.up or bob.nats.up))
        assert not ann.post(n + 1) and not ann.log.read("#lobby", 0, 1, print)
        assert not ann.log.last("ann\nphone", print)
        broker.start()
        until(lambda: ann.nats.up and bob.nats.up)
        known = ann.last()
        assert n + sum(outcome.status == "stored" for outcome in fates) <= known <= n + 5, kill
        n = known
    assert [entry.n for entry in bob.page(size=10**6).entries] == list(range(1, n + 1))
    assert [bob.news.next().entry.n for _ in range(n)] == list(range(1, n + 1))
    assert bob.news.empty()


def test_a_node_that_was_cut_off_is_brought_what_it_missed(broker, node):
    with Chaos("127.0.0.1", broker.port) as network:
        ann, bob = node(f"nats://127.0.0.1:{network.port}"), node(broker.url)
        assert ann.post(1) and ann.news.next().entry.n == 1
        network.freeze()
        for n in (2, 3):
            assert bob.post(n) and bob.fate() == ("stored", n + 1)
        until(lambda: not ann.nats.up)
        network.thaw()
        assert [ann.news.next().entry.n for _ in range(2)] == [2, 3]
        ann.close()


def test_a_node_that_was_cut_off_too_long_is_told(broker, node):
    with Chaos("127.0.0.1", broker.port) as network:
        ann, bob = node(f"nats://127.0.0.1:{network.port}"), node(broker.url)
        network.freeze()
        until(lambda: not ann.nats.up)
        for n in range(1, 6):
            assert bob.post(n) and bob.fate() == ("stored", n + 1)
        bob.purge(up_to=4)
        network.thaw()
        missed = ann.news.next()
        assert (missed.status, missed.expected, missed.entry) == ("missed", 4, None)
        assert [ann.news.next().entry.n for _ in range(2)] == [4, 5]
        ann.close()


def test_another_stream_of_the_same_name_is_another_log(broker, node):
    ann = node(broker.url)
    assert ann.post(1) and ann.fate() == ("stored", 2)
    epoch = ann.log.epoch
    ann.nats.run(ann.log._stream.ask._js.delete_stream(STREAM))
    missed = ann.news.until(lambda outcome: outcome.status == "missed")
    assert missed.expected == 0 and ann.log.epoch != epoch
    until(lambda: ann.nats.up)
    # The number that it remembers is one of the other log: there the device has stored nothing.
    assert ann.post(2) and ann.fate() == ("out of order", 1)
    assert ann.last() == 0


def test_too_many_that_wait_are_not_taken(broker, node):
    ann = node(broker.url, waiting=3, call=lambda *call: None)
    assert [ann.post(n) for n in range(1, 5)] == [True, True, True, False]


def test_done_may_raise(broker, node, caplog, patient):
    ann, told = node(broker.url), []

    def failing(outcomes):
        told.extend(outcomes)
        raise ZeroDivisionError

    ann.log._done, done = failing, ann.log._done
    assert ann.post(1)
    # Its fate and the news of it, in either order, at once or not.
    until(lambda: len(told) == 2 and ann.log._results.errors)
    until(lambda: "an error in what the message log calls" in caplog.text)
    ann.log._done = done
    assert ann.post(2) and ann.fate() == ("stored", 3)


def test_a_question_that_nats_refuses_is_answered_by_none(broker, node, monkeypatch, caplog):
    async def refused(*question):
        raise OSError("NATS answers 500")

    ann = node(broker.url)
    monkeypatch.setattr(ann.log._stream.ask, "newest", refused)
    assert ann.last() is None and ann.page() is None
    assert "the last number of a device can't be read: NATS answers 500" in caplog.text
    assert "the message log can't be read: NATS answers 500" in caplog.text


def test_a_message_of_another_program_is_left_out(broker, node, caplog, patient):
    ann = node(broker.url)
    ann.nats.run(ann.log._stream.ask._js.publish("log.x.y", b"no headers"))
    assert ann.post(1) and ann.news.next().entry.n == 1
    assert ann.page("x").entries == () and "is none of a log" in caplog.text


def test_close_stores_what_is_waiting(broker, node, monkeypatch):
    monkeypatch.setattr(jetstream, "ANSWER", DEADLINE)  # on a slow disk it would go after four seconds
    ann, bob = node(broker.url), node(broker.url)
    for n in range(1, 201):
        assert ann.post(n)
    ann.log.close()
    assert not ann.post(201)
    assert bob.last() == 200


@pytest.mark.parametrize(
    ("error", "why"), [(TimeoutError("nats: timeout"), "nats: timeout"), (TimeoutError(), "TimeoutError")]
)
def test_a_nats_without_jetstream_is_one_line(broker, monkeypatch, error, why):
    with Nats(broker.url) as nats:

        async def none(*args):
            raise error

        monkeypatch.setattr(NatsStream, "_find", none)
        with pytest.raises(OSError) as caught:
            JetStreamLog(nats, print)
        assert str(caught.value) == f"NATS keeps no log here: {why}: start it with -js"


def test_devices_that_are_not_needed_are_forgotten(broker, node, monkeypatch, patient):
    monkeypatch.setattr(storing, "DEVICES", 3)
    ann = node(broker.url)
    for name in "abcdef":
        assert ann.post(1, device=name) and ann.fate() == ("stored", 2)
    assert len(ann.log._storing._devices) == 3
    assert ann.post(1, device="a") and ann.fate() == ("again", 2)
