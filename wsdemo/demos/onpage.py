"""The ticker and the game on the page of a chat, where they go on until they are ended.

::

    with on_page("game") as chat:          a thread: a turn, five times a second ──► #game ──► the page
        print(chat.url)
"""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Iterator
from typing import Final

from wsdemo.chat.app import Chat
from wsdemo.demos import game, ticker
from wsdemo.demos.gathering import Gathering

#: Seconds between two turns.
TURN: Final = 0.2
#: How far a price goes in a turn.
STEPS: Final = range(-2, 3)


@contextlib.contextmanager
def on_page(name: str, port: int = 0, seconds: float = TURN) -> Iterator[Chat]:
    """A demo that has a picture, on the page of a chat, until the end of the ``with``.

    Raises ValueError for another demo, OSError where it can't listen.

    >>> on_page("payment").__enter__()
    Traceback (most recent call last):
    ValueError: the demo 'payment' has no picture, there are ticker, game
    """
    if name not in DEMOS:
        raise ValueError(f"the demo {name!r} has no picture, there are {', '.join(DEMOS)}")
    ended = threading.Event()
    with DEMOS[name](port) as (gathering, turn):
        turns = threading.Thread(target=_take_turns, args=(turn, ended, seconds), name=f"turns of {name}")
        turns.start()
        try:
            yield gathering.chat
        finally:
            ended.set()
            turns.join()


@contextlib.contextmanager
def prices(port: int, chance: random.Random | None = None) -> Iterator[tuple[Gathering, Callable[[], None]]]:
    """The exchange, and its turn: each price goes up or down, or stays."""
    chance = chance or random.Random()
    with ticker.StockExchange(port) as exchange:
        exchange.prices |= {"C": 20, "D": 75}

        def turn() -> None:
            for symbol, price in exchange.prices.items():
                exchange.trade(symbol, max(1, price + chance.choice(STEPS)))

        yield exchange, turn


@contextlib.contextmanager
def field(port: int) -> Iterator[tuple[Gathering, Callable[[], None]]]:
    """The game, and the referee's turn."""
    with Gathering(pictures={game.ROOM: "field"}, port=port) as gathering:
        yield gathering, game.Referee(gathering).turn


#: The demos with a picture: functions of a port.
DEMOS: Final = {"ticker": prices, "game": field}


def _take_turns(turn: Callable[[], None], ended: threading.Event, seconds: float) -> None:
    while not ended.wait(seconds):
        turn()
