"""The promises of the chat, over real processes: it is killed under load, and nothing confirmed is lost."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from tests.chat.front import anywhere
from tests.chat.killing import ChatProcess
from tests.chat.visiting import Visitor
from tests.patterns.killing import kill_loop
from wsdemo.chat import Chat
from wsdemo.chat.promises import PROMISES, Promise, described
from wsdemo.patterns.log import Keep, MemoryLog

#: Kills of one run; the long run has its own target in the Makefile.
KILLS = int(os.environ.get("WSDEMO_CUTS", "3"))
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.name)
def test_each_promise_names_its_tests(promise: Promise) -> None:
    assert promise.tests and promise.nodes_tests
    for test in promise.tests + promise.nodes_tests:
        path, _, name = test.partition("::")
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        assert name in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)], test


def test_they_are_printed_in_lines() -> None:
    lines = described(80).splitlines()
    assert [line[:2] for line in lines if line[0] == "G"] == ["G1", "G2", "G3", "G4", "G5", "G6"]
    assert sum(line.startswith("    on several nodes: ") for line in lines) == 6
    assert max(len(line) for line in lines if "::" not in line) <= 80
    assert [line for line in lines if line.startswith("Not promised: order between channels")]


def test_a_chat_that_is_killed_loses_and_doubles_nothing(tmp_path: Path) -> None:
    found = kill_loop(tmp_path / "chat.db", KILLS, 40, server=ChatProcess)
    assert (found.kills, found.told) == (KILLS, [])
    assert found.read == list(range(1, found.published + 1))


@anywhere
def test_all_readers_see_one_order(chat: Chat) -> None:
    writers = [Visitor(chat, "ann.a", "phone"), Visitor(chat, "ann.a", "laptop"), Visitor(chat, "bob.b")]
    readers = [Visitor(chat, "eve.e"), Visitor(chat, "ann.a", "tablet")]
    for reader in readers:
        reader.join()
    for n in range(1, 31):
        for number, writer in enumerate(writers):
            writer.publish(n, [number, n])
    orders = [[reader.until("message")["body"] for _ in range(90)] for reader in readers]
    assert orders[0] == orders[1]
    for number in range(3):
        assert [n for who, n in orders[0] if who == number] == list(range(1, 31))
    for visitor in [*writers, *readers]:
        visitor.ws.close()


def test_a_reader_is_told_what_it_can_no_longer_have() -> None:
    with (
        Chat(log=lambda done, call: MemoryLog(done, keep=lambda channel: Keep(count=5))) as chat,
        Visitor(chat) as ann,
    ):
        for n in range(1, 11):
            ann.publish(n, n)
        while ann.until("confirm")["n"] < 10:
            pass
        ok = ann.join(after=2)
        assert (ok["offset"], ok["complete"]) == (10, False)
        gap = ann.until("gap")
        assert (gap["from"], gap["to"], gap["why"]) == (3, 5, "expired")
        assert [ann.until("message")["offset"] for _ in range(5)] == [6, 7, 8, 9, 10]
        assert ann.join(after=8, epoch="of another log")["complete"] is False


@anywhere
def test_volatile_messages_come_once_and_in_order(chat: Chat) -> None:
    with Visitor(chat, "ann.a") as ann, Visitor(chat, "bob.b") as bob:
        ann.join()
        bob.join()
        for number in range(100):
            bob.say("volatile", channel="#lobby", body=number, key="typing")
        bob.publish(1, "the end")
        heard = [ann.hear() for _ in range(101)]
        assert [message["body"] for message in heard[:-1]] == list(range(100))
        assert {message["type"] for message in heard[:-1]} == {"volatile"}
        assert heard[-1]["body"] == "the end"


@anywhere
def test_who_leaves_is_gone_within_a_second(chat: Chat) -> None:
    with Visitor(chat, "ann.a") as ann:
        assert ann.join(presence=True)["members"] == ["ann"]
        with Visitor(chat, "bob.b") as bob:
            bob.join()
            while "bob" not in ann.until("presence")["joined"]:
                pass
            bob.ws.transport.abort()
            while "bob" not in ann.until("presence")["left"]:
                pass
