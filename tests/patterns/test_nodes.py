"""Several nodes with the same rooms: on one broker in this process, and on a real NATS."""

from __future__ import annotations

import functools
import json
import time

import pytest

from tests.patterns.house import welcomed
from tests.patterns.test_jetstream import until
from wsdemo.patterns import nodes
from wsdemo.patterns.broker import Hub, LocalBroker
from wsdemo.patterns.jetstream import JetStreamLog
from wsdemo.patterns.nats import Nats, NatsBroker
from wsdemo.proxy.chaos import Chaos


@pytest.fixture
def local(house):
    """Makes nodes on one hub. Each has a log of its own: what is stored is not looked at here."""
    hub = Hub()
    return lambda **options: house(broker=functools.partial(LocalBroker, hub), **options)


@pytest.fixture
def node(house, broker):
    """Makes nodes on one NATS, or behind the port of a bad network to it."""
    connections = []

    def make(port=None, **options):
        nats = Nats(f"nats://127.0.0.1:{port or broker.port}")
        connections.append(nats)

        def log(done, call):
            return JetStreamLog(nats, done, call=call)

        made = house(log=log, broker=functools.partial(NatsBroker, nats), **options)
        made.nats = nats
        return made

    yield make
    for nats in connections:
        nats.close()


def news(*houses):
    """A tick of each, and its news has arrived."""
    for house in houses:
        house.tick(0.5)
    for house in houses:
        house.run(int)


def heard(client, kind):
    message = client.until(kind)
    return {name: value for name, value in message.items() if name not in ("type", "channel")}


def test_a_volatile_message_reaches_members_of_other_nodes(local):
    one, two = local(), local()
    ann, bob, eve = welcomed(one, "ann"), welcomed(two, "bob"), welcomed(one, "eve")
    for client in (ann, bob, eve):
        client.join()
    ann.say("volatile", channel="#lobby", body={"typing": True}, key="typing")
    for client in (bob, eve):
        assert heard(client, "volatile") == {"from": "ann", "body": {"typing": True}}


def test_who_is_on_other_nodes_is_present(local):
    one, two = local(), local()
    ann = welcomed(one, "ann")
    ann.join(presence=True)
    news(one, two)
    bob = welcomed(two, "bob")
    bob.join(presence=True)
    news(two, one, two)
    assert heard(ann, "presence") == {"joined": ["ann"], "left": []}
    assert heard(ann, "presence") == {"joined": ["bob"], "left": []}
    assert sorted(heard(bob, "presence")["joined"] + heard(bob, "presence")["joined"]) == ["ann", "bob"]
    bob.say("leave", id=2, channel="#lobby")
    bob.until("ok")
    news(two, one)
    assert heard(ann, "presence") == {"joined": [], "left": ["bob"]}


def test_one_user_on_two_nodes_is_one_user(local):
    one, two = local(), local()
    ann = welcomed(one, "ann")
    ann.join(presence=True)
    news(one)
    assert heard(ann, "presence")["joined"] == ["ann"]
    again = welcomed(two, "ann", "laptop")
    again.join()
    news(two, one)
    again.say("leave", id=2, channel="#lobby")
    again.until("ok")
    news(two, one)
    bob = welcomed(two, "bob")
    bob.join()
    news(two, one)
    assert heard(ann, "presence") == {"joined": ["bob"], "left": []}  # nothing of ann before it


def test_a_node_that_is_silent_expires(local):
    one, two = local(), local()
    ann, bob = welcomed(one, "ann"), welcomed(two, "bob")
    ann.join(presence=True)
    bob.join()
    news(one, two, one)
    assert heard(ann, "presence")["joined"] == ["ann"] and heard(ann, "presence")["joined"] == ["bob"]
    for _ in range(3):
        for each in (one, two):
            each.tick(nodes.REFRESH)
            ann.join("#other")  # its answer: the word was heard
    two.broker.close()
    one.tick(39.0)
    ann.join("#other")
    one.tick(2.0)
    assert heard(ann, "presence") == {"joined": [], "left": ["bob"]}


def test_all_who_are_here_are_told_again(local, monkeypatch):
    monkeypatch.setattr(nodes, "NAMES", 2)
    one, two = local(), local()
    members = [welcomed(two, name) for name in ("bob", "eve", "joe", "kim", "lea")]
    for client in members:
        client.join()
    news(two)
    ann = welcomed(one, "ann")
    ann.join(presence=True)
    news(one, two, one)
    joined = heard(ann, "presence")["joined"]
    while len(joined) < 6:
        joined += heard(ann, "presence")["joined"]
    assert sorted(joined) == ["ann", "bob", "eve", "joe", "kim", "lea"]


def test_a_device_that_comes_to_another_node_leaves_the_first(local):
    one, two = local(), local()
    older = welcomed(one, "ann", "phone")
    other = welcomed(one, "ann", "laptop")
    welcomed(two, "ann", "phone")
    assert older.ended()["code"] == 4409
    other.say("pong")
    assert one.run(lambda: len(one.rooms._door.devices)) == 1


def came(node, at):
    """The news that a device has come to a node."""
    return json.dumps({"kind": "device", "node": node, "channel": "", "device": "ann\nphone", "at": at})


@pytest.mark.parametrize("node", ["", "~"])  # smaller and greater than each
def test_late_news_of_an_older_connection_ends_no_newer_one(local, node):
    one = local()
    earlier = time.time()
    ann = welcomed(one, "ann", "phone")
    one.run(one.rooms._nodes._heard, "device", came(node, earlier))
    ann.join()
    one.run(one.rooms._nodes._heard, "device", came(node, time.time() + 1))
    assert ann.ended()["code"] == 4409


def test_of_two_that_came_at_once_one_stays(local, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1e9)
    one, two = local(), local()
    first, second = sorted([one, two], key=lambda house: house.rooms._nodes._node)
    loser = welcomed(first, "ann", "phone")
    stays = welcomed(second, "ann", "phone")
    assert loser.ended()["code"] == 4409
    second.run(second.rooms._nodes._heard, "device", came(first.rooms._nodes._node, 1e9))
    stays.join()


def test_a_user_is_dismissed_on_all_nodes(local):
    one, two = local(), local()
    ann, bob = welcomed(two, "ann"), welcomed(two, "bob")
    one.run(one.rooms.dismiss, "ann")
    assert ann.ended()["code"] == 4401
    bob.join()


def test_news_that_makes_no_sense_harms_nothing(local, caplog):
    one, two = local(), local()
    one.broker.publish("volatile.x", b"no JSON")
    one.broker.publish("volatile.x", b"{}")
    two.run(int)
    ann, bob = welcomed(one, "ann"), welcomed(two, "bob")
    ann.join()
    bob.join()
    ann.say("volatile", channel="#lobby", body=1)
    assert heard(bob, "volatile")["body"] == 1
    assert caplog.text.count("news of another node") == 2


# -- on a real NATS ---------------------------------------------------------------------------------------


def test_a_message_reaches_members_of_all_nodes_once_and_in_one_order(node, patient):
    one, two = node(), node()
    clients = [welcomed(one, "ann"), welcomed(two, "bob")]
    for client in clients:
        client.join(after=0)
    for n in range(1, 51):
        for client in clients:
            client.publish(n, body=n)
    orders = []
    for client in clients:
        offsets = [client.until("message")["offset"] for _ in range(100)]
        assert offsets == sorted(set(offsets))
        orders.append(offsets)
    assert orders[0] == orders[1]


def test_a_device_that_moves_between_nodes_in_mid_publish(node, patient):
    one, two = node(), node()
    reader = welcomed(two, "bob")
    reader.join(after=0)
    ann, house, n = welcomed(one, "ann"), one, 1
    for _ in range(6):
        for number in range(n, n + 10):
            ann.publish(number, body=number)
        house = two if house is one else one
        ann = welcomed(house, "ann")  # the others are on their way
        n = ann.welcome["next"]
    for number in range(n, 71):  # as a client does: from the number that is expected
        ann.publish(number, body=number)
    assert [reader.until("message")["body"] for _ in range(70)] == list(range(1, 71))


def test_a_room_goes_on_within_a_node_that_is_cut_off(node, broker):
    with Chaos("127.0.0.1", broker.port) as network:
        alone, other = node(network.port), node()
        ann, eve, bob = welcomed(alone, "ann"), welcomed(alone, "eve"), welcomed(other, "bob")
        for client in (ann, eve, bob):
            client.join()
        network.freeze()
        until(lambda: not alone.nats.up)
        ann.say("volatile", channel="#lobby", body="here")
        assert heard(eve, "volatile")["body"] == "here"
        ann.publish(1, body="later")
        error = ann.until("error")
        assert (error["code"], error["n"]) == ("busy", 1) and error["retry"] > 0
        bob.publish(1, body="meanwhile")
        bob.until("confirm")
        network.thaw()
        until(lambda: alone.nats.up)
        ann.publish(1, body="later")
        assert [heard(eve, "message")["body"] for _ in range(2)] == ["meanwhile", "later"]
        assert [bob.until("message")["body"] for _ in range(1)]
        alone.nats.close()


def test_members_hear_of_what_their_node_has_missed_for_ever(node, broker):
    with Chaos("127.0.0.1", broker.port) as network:
        alone, other = node(network.port), node()
        ann, bob = welcomed(alone, "ann"), welcomed(other, "bob")
        ann.join()
        bob.join()
        network.freeze()
        until(lambda: not alone.nats.up)
        for n in range(1, 6):
            bob.publish(n, body=n)
        while bob.until("confirm")["n"] < 5:
            pass
        other.nats.run(other.log._stream.ask._js.purge_stream("LOG", seq=4))
        network.thaw()
        gap = ann.until("gap")
        assert (gap["from"], gap["to"], gap["why"]) == (1, 3, "expired")
        assert [heard(ann, "message")["body"] for _ in range(2)] == [4, 5]
        alone.nats.close()


def test_another_stream_ends_all_connections(node):
    one = node()
    ann = welcomed(one, "ann")
    ann.join()
    one.nats.run(one.log._stream.ask._js.delete_stream("LOG"))
    assert ann.ended()["code"] == 1012
