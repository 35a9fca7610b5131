"""News between the nodes of one process, and the way from thread to thread."""

from __future__ import annotations

import threading

from tests.waiting import Seen
from wsdemo.patterns import broker
from wsdemo.patterns.broker import Hop, Hub, LocalBroker
from wsdemo.protocol.errors import InvalidState


def test_the_others_hear_it_in_order_and_the_node_itself_does_not():
    hub, seen = Hub(), {name: Seen() for name in "abc"}
    nodes = {name: LocalBroker(hub) for name in "abc"}
    for name, node in nodes.items():
        node.begin(seen[name])
    assert nodes["a"].publish("x.one", b"1") and nodes["a"].publish("x.two", b"2")
    for name in "bc":
        assert [seen[name].next(), seen[name].next()] == [("x.one", b"1"), ("x.two", b"2")]
    assert seen["a"].empty()


def test_a_node_that_has_left_hears_nothing():
    hub, seen = Hub(), Seen()
    ann, bob = LocalBroker(hub), LocalBroker(hub)
    bob.begin(seen)
    bob.close()
    ann.publish("x", b"1")
    assert seen.empty() and not bob.up and not bob.publish("x", b"2")


def test_one_who_raises_still_hears_the_next(caplog):
    hub, seen, calls = Hub(), Seen(), []

    def receive(subject, data):
        seen(data)
        if data == b"1":
            raise ValueError(subject)

    ann, bob = LocalBroker(hub), LocalBroker(hub, calls.append)
    bob.begin(receive)
    ann.publish("x", b"1")
    ann.publish("x", b"2")
    calls.pop()()
    assert not calls, "two calls for one batch"
    assert [seen.next(), seen.next()] == [b"1", b"2"]
    assert "news of another node, x: x" in caplog.text and "raise ValueError(subject)" in caplog.text


def test_a_node_whose_thread_has_ended_keeps_nothing_from_the_others():
    hub, seen = Hub(), Seen()

    def ended(function, *args):
        raise InvalidState("this server has closed")

    ann, bob, eve = LocalBroker(hub), LocalBroker(hub, ended), LocalBroker(hub)
    bob.begin(seen)
    eve.begin(seen)
    for _ in range(2):
        assert ann.publish("x", b"1")
        assert seen.next() == ("x", b"1") and seen.empty()


def test_a_node_that_does_not_listen_keeps_the_newest(monkeypatch):
    monkeypatch.setattr(broker, "WAITING", 3)
    hub, seen, calls = Hub(), Seen(), []
    ann, bob = LocalBroker(hub), LocalBroker(hub, calls.append)
    bob.begin(lambda subject, data: seen(data))
    for number in range(5):
        ann.publish("x", b"%d" % number)
    for call in calls:
        call()
    assert [seen.next() for _ in range(3)] == [b"2", b"3", b"4"] and seen.empty()


def noted(kind, attribute):
    """An object of this kind, and a list: whether its lock is held whenever the attribute is got or set."""
    held = []

    class Noted(kind):
        def __getattribute__(self, name):
            if name == attribute:
                held.append(self._lock.locked())
            return super().__getattribute__(name)

        def __setattr__(self, name, value):
            if name == attribute:
                held.append(self._lock.locked())
            super().__setattr__(name, value)

    made = Noted()
    held.clear()  # no other thread has known it yet
    return made, held


def test_the_list_of_nodes_is_touched_only_under_its_lock():
    """Or a node that enters is forgotten while another one leaves."""
    hub, held = noted(Hub, "_nodes")
    ann, bob = LocalBroker(hub), LocalBroker(hub)
    ann.begin(lambda subject, data: None)
    bob.begin(lambda subject, data: None)
    ann.publish("x", b"1")
    bob.close()
    assert held == [True] * 5  # two enter, one asks, and one leaves: the old list, the new one


def test_news_is_counted_and_put_under_one_lock():
    """Or two nodes that publish at once put one too many."""
    node, held = noted(LocalBroker, "_news")
    node.put("x", b"1")
    assert held == [True] * 2


def test_a_hop_of_many_threads_loses_nothing():
    taken, calls = [], Seen()
    hop = Hop(calls, taken.extend)

    def put(first):
        for number in range(first, first + 1000):
            hop.put(number)

    threads = [threading.Thread(target=put, args=(1000 * k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    while len(taken) < 4000:
        calls.next()()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(4000)) and not len(hop)
    assert [number for number in taken if number < 1000] == list(range(1000))


def test_what_a_hop_calls_may_raise(caplog):
    calls = []
    hop = Hop(calls.append, lambda items: 1 / 0)
    hop.put(1)
    calls.pop()()
    hop.put(2)
    calls.pop()()
    assert [type(error) for error in hop.errors] == [ZeroDivisionError] * 2
    assert caplog.text.count("an error in what came from another thread") == 2
