"""The ticker keeps its promise: no one is held up, and the last price that anyone knows is true."""

from __future__ import annotations

from wsdemo.demos.ticker import ROOM, StockExchange, known

TRADES = 5_000


def test_a_slow_member_hears_the_newest_and_not_all() -> None:
    with StockExchange() as exchange:
        ann, slow = exchange.guest("ann", ROOM), exchange.guest("slow", ROOM)
        slow.freeze()
        for number in range(TRADES):
            exchange.trade("AB"[number % 2], number)
            if number % 100 == 99:  # more at once would make ann slow, too
                ann.wait_seen(number + 1)
        assert len(ann.seen) == TRADES
        assert known(ann) == exchange.prices == {"A": TRADES - 2, "B": TRADES - 1}
        slow.thaw()
        exchange.until(lambda: known(slow) == exchange.prices)
        assert len(slow.seen) < TRADES, "a newer price takes the place of an older one that waits"
        prices = [body["price"] for _, body in slow.seen if body["symbol"] == "A"]
        assert prices == sorted(prices), "and never the other way round"


def test_a_lost_member_knows_all_prices_after_the_next_repeat() -> None:
    with StockExchange() as exchange:
        lost = exchange.guest("lost", ROOM)
        exchange.trade("A", 1)
        exchange.until(lambda: known(lost) == {"A": 1})
        lost.lose()
        exchange.trade("A", 2)
        exchange.trade("B", 3)
        lost.back_again(ROOM)
        assert known(lost) == {"A": 1}, "volatile: nothing of it was kept"
        exchange.repeat()
        exchange.until(lambda: known(lost) == {"A": 2, "B": 3})


def test_a_listener_can_tell_no_prices() -> None:
    with StockExchange() as exchange:
        ann, cheat = exchange.guest("ann", ROOM), exchange.guest("cheat", ROOM)
        cheat.client.volatile(ROOM, {"symbol": "A", "price": 0})
        exchange.trade("A", 7)
        exchange.until(lambda: ann.seen)
        assert [sender for sender, _ in ann.seen] == ["exchange"]
