"""A slow reader reads no more than it may, catches up, and hears how the server closes."""

from __future__ import annotations

import math

import pytest

from tests.waiting import Seen, turn_until
from wsdemo import Connection, serve
from wsdemo.course.slow import SlowReader


class Talker:
    """Sends 1,000 messages of 500 bytes to each that comes."""

    def __init__(self) -> None:
        self.opened = Seen()
        self.ended = Seen()

    def on_open(self, ws: Connection) -> None:
        for number in range(1000):
            ws.send(f"{number}".ljust(500))
        self.opened(ws)

    def on_close(self, ws: Connection) -> None:
        self.ended(ws.close_code)


def test_a_reader_who_never_reads_leaves_all_of_it_on_the_line() -> None:
    talker = Talker()
    with serve(talker) as server, SlowReader(server.url, rate=0) as dora:
        ws = talker.opened.next()
        assert ws.pending > 400_000, "the operating systems keep little on a narrow line"
        assert dora.heard == [] and dora.code is None
        dora.settle()
        assert [int(text) for text in dora.heard] == list(range(1000))
        turn_until(server._reactor, lambda: ws.pending == 0)


def test_on_a_wide_line_the_operating_systems_take_it_all() -> None:
    talker = Talker()
    with serve(talker) as server, SlowReader(server.url, rate=0, narrow=False):
        assert talker.opened.next().pending == 0


@pytest.mark.parametrize(
    ("rate", "left", "seconds", "allowed"),
    [
        (0, 0.0, 9.0, 0),
        (1000, 0.0, 0.02, 20),
        (1000, 15.0, 0.02, 35),
        (1000, 15.0, 3.0, 50),  # it was not read for a while: no more than a moment's bytes
        (10, 0.0, 3.0, 1),
        (10**9, 0.0, 1.0, 65536),
        (math.inf, 9.0, 0.0, 65536),
    ],
)
def test_no_more_is_read_than_the_rate_allows(
    rate: float, left: float, seconds: float, allowed: float
) -> None:
    with serve(lambda ws, message: None) as server, SlowReader(server.url, rate=rate) as dora:
        assert dora._allowed(left, seconds) == allowed


def test_the_close_code_is_heard() -> None:
    talker = Talker()
    with serve(talker) as server, SlowReader(server.url, rate=0) as dora:
        ws = talker.opened.next()
        dora.rate = math.inf
        ws.close(4001, "enough")  # waits for the answer
        dora.settle()
        assert dora.code == 4001 and len(dora.heard) == 1000
        assert talker.ended.next() == 4001, "it answered the close frame"


def test_it_leaves_without_a_word() -> None:
    talker = Talker()
    with serve(talker) as server:
        with SlowReader(server.url, rate=math.inf):
            talker.opened.next()
        assert talker.ended.next() == 1006


def test_no_server_and_no_url() -> None:
    with serve(lambda ws, message: None) as server:
        url = server.url
    with pytest.raises(ConnectionRefusedError):
        SlowReader(url, rate=0)
    with pytest.raises(ValueError, match="ws://"):
        SlowReader("http://127.0.0.1", rate=0)
