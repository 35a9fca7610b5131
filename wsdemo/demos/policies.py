"""The uses of a WebSocket as data: for each the policy of its messages, and the reason.

::

    Does it matter if this one is lost?
      no, a newer one says it all     volatile, the newest of each key
      yes                             published: numbered, stored, confirmed, read from an offset
      yes, and its effect costs       published with an idempotency key; the ledger decides, not the message
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Policy = Literal["published", "volatile", "both", "published, with a key"]


class Use(NamedTuple):
    """One use: the policy of its messages in words, the reason, and the name of its demo, if there is one."""

    name: str
    policy: Policy
    messages: str
    reason: str
    demo: str = ""


#: The six with a demo, then the others.
USES: Final = (
    Use(
        "chat",
        "both",
        "what is said: published; who is typing: volatile",
        "a lost sentence changes a conversation, a lost 'is typing' nothing",
        "chat",
    ),
    Use(
        "stock ticker",
        "volatile",
        "each price: volatile, the newest of each symbol; all of them for a newcomer",
        "yesterday's price is worth nothing, and a queue of prices is a queue of old ones",
        "ticker",
    ),
    Use(
        "online game",
        "volatile",
        "inputs and state: volatile, with the number of the tick; the server decides",
        "the next tick repeats the whole state; a client that decides is a client that cheats",
        "game",
    ),
    Use(
        "shared document",
        "both",
        "edits: published; cursors: volatile; a snapshot for a newcomer",
        "a CRDT takes edits in any order, even twice, but none may be missing",
        "document",
    ),
    Use(
        "sensors with commands",
        "published",
        "measurements: published from a durable outbox; commands: to the device's mailbox",
        "a gap in a series is a finding lost; a command must wait for a device that sleeps",
        "sensors",
    ),
    Use(
        "payment notification",
        "published, with a key",
        "each payment: published to the shop's mailbox with an idempotency key",
        "twice told must be once booked; in doubt the ledger is asked, not the message",
        "payment",
    ),
    Use(
        "live sports",
        "both",
        "the score: volatile, by match; goals and cards: published",
        "the score repeats itself, the story of the match does not",
    ),
    Use(
        "whiteboard",
        "both",
        "strokes: published; the pen in the air: volatile",
        "a finished line belongs to the picture; where a pen hovers, only now",
    ),
    Use(
        "team presence",
        "volatile",
        "who is here: soft state, told again and forgotten after 40 s",
        "a stored 'is here' is a lie as soon as a train enters a tunnel",
    ),
    Use(
        "monitoring",
        "both",
        "gauges: volatile, by name; alarms: published, and confirmed by a person",
        "the next sample comes in a second, the alarm only once",
    ),
    Use(
        "industrial automation",
        "published",
        "commands: published, with a time after which they must not be done; states: volatile",
        "a late 'start' is dangerous: expired commands are refused, and an emergency stop is a wire",
    ),
    Use(
        "trading",
        "published, with a key",
        "orders: published with a key; quotes: volatile",
        "a confirmation says 'stored', not 'filled': the fill is a message of the exchange",
    ),
    Use(
        "banking",
        "published, with a key",
        "'look at your account': published; the balance is read from the ledger by HTTPS",
        "a message tells that something is new, never what is true",
    ),
)
