"""The promises of the chat, each with the test that fails where it does not hold."""

from __future__ import annotations

from typing import Final, NamedTuple


class Promise(NamedTuple):
    """A promise: its name, its words, and its tests, from the root of the repository."""

    name: str
    words: str
    tests: tuple[str, ...]


PROMISES: Final = (
    Promise(
        "G1",
        "After `confirm n` the message survives the death of any process, and a power cut as far as the disk "
        "keeps what it has confirmed. Without --db it is in memory: `durable` in `welcome` is false then.",
        (
            "tests/chat/test_promises.py::test_a_chat_that_is_killed_loses_and_doubles_nothing",
            "tests/patterns/test_sqlitelog.py::test_a_power_cut_takes_nothing_that_was_confirmed",
        ),
    ),
    Promise(
        "G2",
        "A device's message n is stored at most once, as long as the device is remembered: 90 days.",
        ("tests/chat/test_promises.py::test_a_chat_that_is_killed_loses_and_doubles_nothing",),
    ),
    Promise(
        "G3",
        "All readers of a channel see one order; the messages of a device are in the order of n. "
        "Between channels there is no order.",
        ("tests/chat/test_promises.py::test_all_readers_see_one_order",),
    ),
    Promise(
        "G4",
        "A reader gets every message of a joined channel, once in the application where it stores its offset "
        "with the effect, as long as the message is kept: the newest 10,000, for 30 days. What is no longer "
        "kept is told: `gap`, `complete: false`. Nothing is lost silently.",
        ("tests/chat/test_promises.py::test_a_reader_is_told_what_it_can_no_longer_have",),
    ),
    Promise(
        "G5",
        "Volatile messages: at most once, in order for each sender; to a slow reader the newest of each key.",
        ("tests/chat/test_promises.py::test_volatile_messages_come_once_and_in_order",),
    ),
    Promise(
        "G6",
        "Presence is right within 40 s of any failure, within 1 s otherwise.",
        ("tests/chat/test_promises.py::test_who_leaves_is_gone_within_a_second",),
    ),
)
#: The things that are not promised.
NOT_PROMISED: Final = (
    "order between channels; one time for all; a time within which a message arrives; effects outside "
    "exactly once (use the device and n as the key); secrecy from the server, unless you seal what you send; "
    "messages of a client's process that was copied while it ran, such as by a snapshot of its machine "
    "(copies of an outbox's file lose nothing)"
)


def described(width: int = 100) -> str:
    """All promises as text, lines of at most ``width`` characters, the names of tests apart."""
    import textwrap

    lines = []
    for promise in PROMISES:
        lines += textwrap.wrap(f"{promise.name}  {promise.words}", width, subsequent_indent="    ")
        lines += [f"    held by {test}" for test in promise.tests]
    lines += textwrap.wrap(f"Not promised: {NOT_PROMISED}.", width, subsequent_indent="    ")
    return "\n".join(lines)
