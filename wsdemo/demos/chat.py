"""A chat: what is said is published, who is typing is volatile.

::

    ann ── publish ────► #lobby, a log ──► bob now, dora from where she stopped
    ann ── "is typing" ──────────────────► bob now, dora never

The promise: a member who comes back has heard each sentence once, in order, and nothing of old typing.
"""

from __future__ import annotations

from collections.abc import Iterator

from wsdemo.demos.gathering import Gathering, Guest

ROOM = "#lobby"


def typing(guest: Guest) -> None:
    """Tell the others that someone is typing: the newest of each user, if it gets there at all."""
    guest.client.volatile(ROOM, "is typing", key="typing")


def play() -> Iterator[str]:
    """Dora loses her connection while Ann and Bob talk."""
    with Gathering() as gathering:
        ann, bob, dora = (gathering.guest(name, ROOM) for name in ("ann", "bob", "dora"))
        ann.say(ROOM, "Tea?")
        yield f"dora hears {dora.wait(1)}, and goes into a tunnel"
        dora.lose()
        typing(bob)
        gathering.until(lambda: ann.seen)
        yield f"ann sees that {ann.seen[0][0]} {ann.seen[0][1]}"
        bob.say(ROOM, "Yes, please.")
        ann.say(ROOM, "It is ready.")
        yield f"ann hears {ann.wait(3)[1:]}"
        dora.back()
        yield f"dora is back, and hears {dora.wait(3)[1:]}"
        yield f"of old typing she hears {dora.seen}, and {len(dora.told)} sentences are missing"
