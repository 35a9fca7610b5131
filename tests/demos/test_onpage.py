"""A demo on the page goes on by itself, until the end; what has no picture is refused."""

from __future__ import annotations

import queue
import random
import threading
from typing import Any

import pytest

from tests.waiting import DEADLINE
from wsdemo.demos import game, ticker
from wsdemo.demos.onpage import field, on_page, prices
from wsdemo.patterns.reconnect import ReconnectingClient

FAST = 0.001


@pytest.mark.parametrize(("name", "room"), [("ticker", ticker.ROOM), ("game", game.ROOM)])
def test_it_goes_on_until_the_end(name: str, room: str) -> None:
    told: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with (
        on_page(name, seconds=FAST) as chat,
        ReconnectingClient(
            chat.websocket_url, print, on_event=told.put, token=lambda: "ann.secret"
        ) as client,
    ):
        client.join(room)
        for _ in range(3):
            while (event := told.get(timeout=DEADLINE))["type"] != "volatile":
                pass
            assert event["body"].keys() >= ({"symbol", "price"} if name == "ticker" else {"tick", "places"})
    assert not [thread for thread in threading.enumerate() if thread.name == f"turns of {name}"]


def test_prices_move_by_little_and_stay_above_zero() -> None:
    with prices(0, random.Random(1)) as (exchange, turn):
        assert isinstance(exchange, ticker.StockExchange)
        for _ in range(500):
            before = dict(exchange.prices)
            turn()
            assert all(abs(price - before[symbol]) <= 2 for symbol, price in exchange.prices.items())
        assert len(exchange.prices) == 4 and min(exchange.prices.values()) >= 1


def test_nobody_else_comes_in_as_the_referee() -> None:
    with field(0) as (gathering, turn):
        turn()
        assert gathering.chat.identity.identify("referee.guessed") is None


def test_a_demo_without_a_picture_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^the demo 'payment' has no picture, there are ticker, game$"):
        on_page("payment").__enter__()
