"""The measures: each gives what a known server is known to do."""

from __future__ import annotations

import sys

import pytest

from wsdemo import Limits
from wsdemo.alternatives import measures
from wsdemo.alternatives.measures import PIECE, Bytes, MiB, SilentMember, Slow
from wsdemo.alternatives.serving import Serving
from wsdemo.alternatives.speaking import Speaker
from wsdemo.alternatives.table import ALTERNATIVES


@pytest.fixture(scope="module")
def ours():
    with Serving(ALTERNATIVES["wsdemo"]) as running:
        yield running


def test_a_message_has_the_bytes_of_its_frames(ours) -> None:
    assert measures.message(ours, "hello") == Bytes(2 + 4 + 5, 2 + 5)  # RFC 6455 §5.2: masked one way
    assert measures.message(ours, "é" * 100) == Bytes(4 + 4 + 200, 4 + 200)


def test_an_opening_has_the_bytes_of_its_heads(ours) -> None:
    with Speaker(ours) as ana:
        assert measures.opening(ours) == (ana.sent, ana.received)
    assert 100 < ana.received < 300


def test_times_are_of_what_was_done(ours) -> None:
    assert 0 < measures.echo(ours, 3) < 20
    assert 0 < measures.fan_out(ours, 3, 1) < 20


@pytest.mark.skipif(sys.platform != "linux", reason="the system tells no memory of another process")
def test_memory_grows_with_connections(ours) -> None:
    assert 0 < (measures.memory(ours, 100) or 0) < MiB


def test_the_limit_of_a_message_is_found(ours) -> None:
    limit = Limits().message_size
    assert measures.message_limit(ours, (1000, limit, limit + 1)) == (limit, 1009)
    assert measures.message_limit(ours, (1000,)) == (1000, None)


def test_a_slow_reader_of_ours_is_closed_and_told(ours) -> None:
    slow = measures.slow_reader(ours)
    assert (slow.others, slow.code) == (True, 1008)
    assert 0 < slow.heard < slow.sent == measures.FLOOD // PIECE
    assert slow.kept is None or slow.kept < 8 * MiB


def test_who_reads_in_time_is_no_slow_reader(ours) -> None:
    slow = measures.slow_reader(ours, PIECE)
    assert slow == Slow(True, slow.kept, 1, 1, None)


def test_a_watch_notes_the_first_ping() -> None:
    """Of a server that pings at once, on a fake of what `Speaker` needs."""
    from wsdemo import serve

    class Pinging:
        def on_open(self, ws) -> None:
            ws.send("x")

    with serve(Pinging(), limits=Limits(ping_interval=0.05)) as server:
        place = type("Place", (), {"alternative": ALTERNATIVES["wsdemo"], "port": server.port})()
        watch = SilentMember(place)
        seconds = watch.wait(20)
        assert seconds is not None and seconds >= 0
        watch.close()


def test_a_watch_that_hears_no_ping_says_so(ours) -> None:
    watch = SilentMember(ours)
    assert watch.wait(0.01) is None
    watch.close()
