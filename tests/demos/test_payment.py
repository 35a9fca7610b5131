"""The payments keep their promise: told at least once, booked once."""

from __future__ import annotations

import contextlib

from wsdemo.demos.gathering import Gathering
from wsdemo.demos.payment import SHOP, Ledger, pay


def test_a_slow_and_a_lost_shop_book_each_payment_once() -> None:
    """Two shops in two gatherings, since a mailbox has one owner; each payment is told twice."""
    for trouble, mend in (("freeze", "thaw"), ("lose", "back")):
        ledger = Ledger()
        with contextlib.closing(ledger.books), Gathering() as gathering:
            bank, again = gathering.guest("bank"), gathering.guest("bank")
            shop = gathering.guest("shop", SHOP, on_message=ledger.book)
            getattr(shop, trouble)()
            for number in range(10):
                pay(bank, f"key {number}", 100)
                pay(again, f"key {number}", 100)
            getattr(shop, mend)()
            shop.wait(20)
            assert ledger.total == 1000


def test_nobody_else_reads_the_mailbox() -> None:
    with Gathering() as gathering:
        spy = gathering.guest("spy")
        spy.client.join(SHOP, after=0)
        gathering.until(lambda: spy.told)
        assert spy.told[0]["code"] == "not_allowed"


def test_a_key_is_booked_once() -> None:
    ledger = Ledger()
    with contextlib.closing(ledger.books):
        for cents in (5, 5, 700):
            ledger.book({"body": {"key": "k", "cents": cents}})
        assert ledger.total == 5
