"""The promises of the chat, each with the test that fails where it does not hold."""

from __future__ import annotations

from typing import Final, NamedTuple


class Promise(NamedTuple):
    """A promise: its name, its words, and its tests, from the root of the repository.

    ``nodes``, ``nodes_tests``: what holds of it on several nodes, with --broker.
    """

    name: str
    words: str
    tests: tuple[str, ...]
    nodes: str
    nodes_tests: tuple[str, ...]


PROMISES: Final = (
    Promise(
        "G1",
        "After `confirm n` the message survives the death of any process, and a power cut as far as the disk "
        "keeps what it has confirmed. Without --db it is in memory: `durable` in `welcome` is false then.",
        (
            "tests/chat/test_promises.py::test_a_chat_that_is_killed_loses_and_doubles_nothing",
            "tests/patterns/test_sqlitelog.py::test_a_power_cut_takes_nothing_that_was_confirmed",
        ),
        "NATS is the log: what it has confirmed is on its disk, where it syncs always (`doctor "
        "--nats` looks).",
        (
            "tests/patterns/test_jetstream.py::test_a_broker_that_is_killed_loses_nothing_and_doubles_nothing",
            "tests/patterns/test_natsserver.py::test_it_says_whether_it_syncs_before_it_confirms",
        ),
    ),
    Promise(
        "G2",
        "A device's message n is stored at most once, as long as the device is remembered: 90 days.",
        ("tests/chat/test_promises.py::test_a_chat_that_is_killed_loses_and_doubles_nothing",),
        "The same from whichever node it comes, as long as NATS keeps the device's last message.",
        (
            "tests/patterns/test_jetstream.py::test_a_device_that_moves_to_another_node_and_back",
            "tests/patterns/test_nodes.py::test_a_device_that_moves_between_nodes_in_mid_publish",
        ),
    ),
    Promise(
        "G3",
        "All readers of a channel see one order; the messages of a device are in the order of n. "
        "Between channels there is no order.",
        ("tests/chat/test_promises.py::test_all_readers_see_one_order",),
        "The same: members of all nodes are shown what NATS brings, in its order.",
        ("tests/patterns/test_nodes.py::test_a_message_reaches_members_of_all_nodes_once_and_in_one_order",),
    ),
    Promise(
        "G4",
        "A reader gets every message of a joined channel, once in the application where it stores its offset "
        "with the effect, as long as the message is kept: the newest 10,000, for 30 days. What is no longer "
        "kept is told: `gap`, `complete: false`. Nothing is lost silently.",
        ("tests/chat/test_promises.py::test_a_reader_is_told_what_it_can_no_longer_have",),
        "The same, but messages are kept by age and bytes alone: 30 days, and 1 GiB for all "
        "channels. A node that was cut off reads on from where it stopped. A copy of the messages "
        "that was put back is told, after --new-epoch.",
        (
            "tests/patterns/test_nodes.py::test_members_hear_of_what_their_node_has_missed_for_ever",
            "tests/chat/test_operating.py::test_a_copy_that_is_put_back_has_a_new_epoch_and_no_reader_misses_what_follows",
        ),
    ),
    Promise(
        "G5",
        "Volatile messages: at most once, in order for each sender; to a slow reader the newest of each key.",
        ("tests/chat/test_promises.py::test_volatile_messages_come_once_and_in_order",),
        "The same; while NATS is away they reach the members of their own node.",
        (
            "tests/patterns/test_nodes.py::test_a_volatile_message_reaches_members_of_other_nodes",
            "tests/patterns/test_nodes.py::test_a_room_goes_on_within_a_node_that_is_cut_off",
        ),
    ),
    Promise(
        "G6",
        "Presence is right within 40 s of any failure, within 1 s otherwise.",
        ("tests/chat/test_promises.py::test_who_leaves_is_gone_within_a_second",),
        "The same; users of a node that has ended, or is cut off, are gone on the others within 40 s.",
        (
            "tests/patterns/test_nodes.py::test_who_is_on_other_nodes_is_present",
            "tests/patterns/test_nodes.py::test_a_node_that_is_silent_expires",
        ),
    ),
)
#: The things that are not promised.
NOT_PROMISED: Final = (
    "order between channels; one time for all; a time within which a message arrives; effects outside "
    "exactly once (use the device and n as the key); secrecy from the server, unless you seal what you send; "
    "messages of a client's process that was copied while it ran, such as by a snapshot of its machine "
    "(copies of an outbox's file lose nothing); one owner of a guest's name on several nodes"
)


def described(width: int = 100) -> str:
    """All promises as text, lines of at most ``width`` characters, the names of tests apart."""
    import textwrap

    lines = []
    for promise in PROMISES:
        lines += textwrap.wrap(f"{promise.name}  {promise.words}", width, subsequent_indent="    ")
        lines += [f"    held by {test}" for test in promise.tests]
        nodes = f"    on several nodes: {promise.nodes}"
        lines += textwrap.wrap(nodes, width, subsequent_indent="    ")
        lines += [f"    held by {test}" for test in promise.nodes_tests]
    lines += textwrap.wrap(f"Not promised: {NOT_PROMISED}.", width, subsequent_indent="    ")
    return "\n".join(lines)
