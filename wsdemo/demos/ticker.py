"""A stock ticker: each price is volatile, the newest of each symbol; a newcomer is told all of them.

::

    exchange ── A 101, B 52, A 102 … ──► ann: each of them
                                    ╌╌► dora, who is slow: the newest A and the newest B, when she can

The promise: a slow member holds up no other, and the last that she hears is true.
"""

from __future__ import annotations

from collections.abc import Iterator

from wsdemo.demos.gathering import Gathering, Guest

ROOM = "#prices"
DEPTH = "0" * 2400  # the rest of a quote: bids and asks


class StockExchange(Gathering):
    """Prices, told in the server's name. Everyone may listen, and only the server may talk."""

    def __init__(self, port: int = 0) -> None:
        self.prices = {"A": 100, "B": 50}
        super().__init__(lambda user, action, channel: action == "join", {ROOM: "prices"}, port)

    def trade(self, symbol: str, price: int) -> None:
        """A new price; for a slow member it takes the place of the one before."""
        self.prices[symbol] = price
        self.say(ROOM, {"symbol": symbol, "price": price, "depth": DEPTH}, "exchange", symbol)

    def repeat(self) -> None:
        """Each price again, as an exchange does every second: for those who have come, or come back."""
        for symbol, price in self.prices.items():
            self.trade(symbol, price)


def known(guest: Guest) -> dict[str, int]:
    """The prices as a guest knows them."""
    return {body["symbol"]: body["price"] for _, body in guest.seen}


def play(trades: int = 5_000) -> Iterator[str]:
    """Dora reads nothing while the prices move; then she does."""
    with StockExchange() as exchange:
        ann, dora = exchange.guest("ann", ROOM), exchange.guest("dora", ROOM)
        exchange.repeat()
        exchange.until(lambda: known(dora) == exchange.prices)
        yield f"dora comes, and knows {known(dora)}; then she reads nothing"
        dora.freeze()
        for number in range(trades):
            exchange.trade("AB"[number % 2], number % 7)
            if number % 100 == 99:  # who tells more at once makes ann slow, too
                ann.wait_seen(number + 3)
        yield f"ann has heard each of {trades:,} prices, and knows {known(ann)}"
        dora.thaw()
        exchange.until(lambda: known(dora) == exchange.prices)
        yield f"dora reads again, and knows {known(dora)}; fewer prices for her: {len(dora.seen) < trades}"
