"""Tickets: once, in time, and no more than may be open."""

from __future__ import annotations

import threading

from wsdemo.patterns.tickets import Tickets


def test_a_ticket_counts_once() -> None:
    tickets = Tickets()
    ticket, other = tickets.issue({"user": "ann"}), tickets.issue("bob")
    assert ticket and other and ticket != other and len(ticket) >= 43
    assert tickets.take(ticket) == {"user": "ann"}
    assert tickets.take(ticket) is None
    assert tickets.take(other) == "bob"


def test_of_many_threads_one_gets_it() -> None:
    tickets = Tickets()
    for _ in range(50):
        ticket, taken = tickets.issue("ann"), []
        start = threading.Barrier(4)

        def take(ticket: str = ticket or "", taken: list[object] = taken, start: threading.Barrier = start):
            start.wait()
            taken.append(tickets.take(ticket))

        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(map(str, taken)) == ["None", "None", "None", "ann"]


def test_a_ticket_ends() -> None:
    now = [100.0]
    tickets = Tickets(seconds=30.0, clock=lambda: now[0])
    early, late = tickets.issue("early"), tickets.issue("late")
    now[0] = 129.9
    assert tickets.take(early or "") == "early"
    now[0] = 130.0
    assert tickets.take(late or "") is None


def test_no_more_are_open_than_the_bound() -> None:
    now = [0.0]
    tickets = Tickets(bound=3, clock=lambda: now[0])
    issued = [tickets.issue(i) for i in range(4)]
    assert issued[3] is None and tickets.take(issued[0] or "") == 0
    assert tickets.issue("again") and tickets.issue("and again") is None
    now[0] = 30.0  # those that have ended make room
    assert all(tickets.issue(i) for i in range(3))


def test_words_that_are_no_tickets() -> None:
    tickets = Tickets()
    tickets.issue("ann")
    assert [tickets.take(word) for word in ("", "None", "€", "\ud800", "a" * 10_000)] == [None] * 5


def test_the_server_keeps_no_ticket() -> None:
    tickets = Tickets()
    ticket = tickets.issue("ann")
    assert ticket and ticket not in repr(vars(tickets)) and ticket.encode() not in tickets._open
