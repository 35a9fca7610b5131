"""Payment notifications: published to the shop's mailbox, with an idempotency key.

::

    bank ── paid, key 4711 ──► @shop, a log ──► the shop books it, and its key, in one transaction
    bank ── paid, key 4711 (again: it never heard the confirmation) ──► the shop knows the key

The promise: told at least once, booked once. A message says that something is new; the ledger, which is
asked in doubt, says what is true.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from wsdemo.demos.gathering import Gathering, Guest

SHOP = "@shop"


class Ledger:
    """The shop's books: each key once."""

    def __init__(self) -> None:
        self.books = sqlite3.connect(":memory:", check_same_thread=False)
        self.books.execute("CREATE TABLE paid (key TEXT PRIMARY KEY, cents INTEGER)")

    def book(self, message: dict[str, Any]) -> None:
        """Book a payment; a key that is known changes nothing."""
        with self.books:
            self.books.execute("INSERT OR IGNORE INTO paid VALUES (:key, :cents)", message["body"])

    @property
    def total(self) -> int:
        """All that was paid, in cents: the answer to a doubt."""
        return int(self.books.execute("SELECT coalesce(sum(cents), 0) FROM paid").fetchone()[0])


def pay(bank: Guest, key: str, cents: int) -> None:
    """Tell the shop of a payment."""
    bank.say(SHOP, {"key": key, "cents": cents})


def play() -> Iterator[str]:
    """The shop is away; the bank tells one payment twice."""
    with Gathering() as gathering:
        ledger = Ledger()
        bank, shop = gathering.guest("bank"), gathering.guest("shop", SHOP, on_message=ledger.book)
        pay(bank, "4711", 1250)
        shop.wait(1)
        yield f"the shop has booked {ledger.total} cents, and loses its connection"
        shop.lose()
        pay(bank, "4712", 800)
        pay(gathering.guest("bank"), "4712", 800)  # the bank's second process, after a crash
        shop.back()
        yield f"it is back, was told {len(shop.wait(3))} times, and has booked {ledger.total} cents"
        ledger.books.close()
