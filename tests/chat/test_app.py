"""The chat as a whole: who reads what, its health, its end."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.chat.front import anywhere
from tests.chat.visiting import Visitor, ask
from tests.waiting import DEADLINE, turn, turn_until
from wsdemo import InvalidState
from wsdemo.chat import Chat, Guests, Rights, app
from wsdemo.patterns.broker import LocalBroker
from wsdemo.patterns.log import MemoryLog
from wsdemo.patterns.sqlitelog import SqliteLog


@anywhere
def test_two_users_in_a_room_and_their_mailboxes(chat: Chat) -> None:
    with Visitor(chat, "ann.secret") as ann, Visitor(chat, "bob.secret") as bob:
        assert ann.until("welcome")["durable"] is False
        ann.join()
        bob.join()
        bob.publish(1, {"text": "<script>"})
        assert ann.until("message")["body"] == {"text": "<script>"}
        ann.publish(1, "for you", "@bob")
        bob.say("join", id=2, channel="@ann")
        refused = bob.until("error")
        assert (refused["id"], refused["code"]) == (2, "not_allowed")
        assert bob.join("@bob", after=0)
        assert bob.until("message")["body"] == "for you"


def test_a_room_for_some_looks_as_if_it_did_not_exist() -> None:
    with Chat(may=Rights(members={"#staff": {"ann"}})) as chat, Visitor(chat, "bob.secret") as bob:
        bob.until("welcome")
        bob.say("join", id=1, channel="#staff")
        assert bob.until("error")["code"] == "not_allowed"
        bob.publish(1, "hi", "#staff")
        assert bob.until("error")["code"] == "not_allowed"


def test_messages_outlive_the_process_with_a_file(tmp_path: Path) -> None:
    db = tmp_path / "chat.db"
    with Chat(db=db) as chat, Visitor(chat) as ann:
        assert ann.until("welcome")["durable"] is True
        ann.publish(1, "kept")
        ann.until("confirm")
        with pytest.raises(OSError, match="another process has this message log open"):
            Chat(db=db)
    with Chat(db=db) as chat, Visitor(chat) as ann:
        assert ann.until("welcome")["next"] == 2
        ann.join(after=0)
        assert ann.until("message")["body"] == "kept"


def test_a_log_of_another_kind() -> None:
    logs = []

    def make(done: Any, call: Any) -> MemoryLog:
        logs.append(MemoryLog(done))
        return logs[0]

    with Chat(log=make) as chat:
        assert chat.log is logs[0]


def test_a_port_in_use_leaves_no_log_and_no_broker_open(chat: Chat, tmp_path: Path) -> None:
    broker, closed = LocalBroker(), []
    broker.close = lambda: closed.append(True)  # type: ignore[method-assign]
    with pytest.raises(OSError, match="another program uses this port"):
        Chat(port=chat.server.port, db=tmp_path / "chat.db", broker=lambda call: broker)
    assert closed == [True]
    with SqliteLog(tmp_path / "chat.db", print):
        pass


def test_a_broker_that_cannot_be_made_leaves_no_log_open(tmp_path: Path) -> None:
    def make(call: Any) -> LocalBroker:
        raise ConnectionRefusedError("no NATS here")

    with pytest.raises(ConnectionRefusedError, match="no NATS here"):
        Chat(db=tmp_path / "chat.db", broker=make)
    with SqliteLog(tmp_path / "chat.db", print):
        pass


def test_the_rate_of_messages_is_that_since_it_was_told_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "TICK", 4000.0)
    told = []
    with Chat() as chat, Visitor(chat) as ann:
        ann.join()
        monkeypatch.setattr(chat.rooms, "say", lambda channel, body, *rest, **more: told.append(body))
        chat._tell_time()
        chat._tell_time()
    assert [body["messages"] for body in told] == [2 / 4000, 0]


def test_a_full_disk_is_told_and_heals(tmp_path: Path) -> None:
    def make(done: Any, call: Any) -> SqliteLog:
        return SqliteLog(tmp_path / "chat.db", done, call=call, connect=small)

    opened: list[sqlite3.Connection] = []

    def small(path: str) -> sqlite3.Connection:
        opened.append(sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False))
        opened[0].execute("PRAGMA max_page_count=20")
        return opened[0]

    with Chat(log=make) as chat, Visitor(chat) as ann:
        ann.until("welcome")
        assert ask(chat, "GET", "/health").fields == {"status": "ok"}
        n = 1
        while True:
            ann.publish(n, "x" * 10_000)
            if (answer := ann.hear())["type"] == "error":
                break
            n += 1
        assert answer["code"] == "failed" and answer["retry"] > 0
        health = ask(chat, "GET", "/health")
        assert health.status == 503 and "full" in health.fields["status"]
        ann.join(after=0)  # reading goes on
        assert ann.until("message")["offset"] == 1
        opened[0].execute("PRAGMA max_page_count=2000")
        ann.publish(n, "x")
        assert ann.until("confirm")["n"] == n
        assert ask(chat, "GET", "/health").status == 200


@anywhere
def test_the_end_is_told_to_all(chat: Chat) -> None:
    with Visitor(chat) as ann:
        ann.until("welcome")
        chat.close()
        bye = ann.bye()
        assert bye["code"] == 1001 and 0 <= bye["after"] <= 5
    chat.close()


@anywhere
def test_a_drain_tells_when_to_come_back(chat: Chat) -> None:
    with Visitor(chat) as ann:
        ann.until("welcome")
        assert chat.drain(0.1)
        bye = ann.bye()
        assert (bye["code"], bye["after"]) == (1012, pytest.approx(0.1, abs=0.1))


@pytest.mark.parametrize("end", [Chat.close, lambda chat: chat.drain(0.01)], ids=["close", "drain"])
def test_its_end_is_that_of_all_its_parts(end: Callable[[Chat], object]) -> None:
    ended = []

    class Broker(LocalBroker):
        def close(self) -> None:
            ended.append("broker")

    class Log(MemoryLog):
        def close(self) -> None:
            ended.append("log")

    class Users(Guests):
        def close(self) -> None:
            ended.append("users")

    chat = Chat(log=lambda done, call: Log(done), broker=lambda call: Broker(), identity=Users())
    turn(chat.server._reactor)  # it has begun
    assert ended == []
    end(chat)
    assert ended == ["log", "broker", "users"]
    with pytest.raises(InvalidState):
        chat.server.call_soon(print)


def test_who_is_about_to_end_says_so_and_goes_on(chat: Chat) -> None:
    assert ask(chat, "GET", "/health").status == 200
    chat.lame_duck()
    health = ask(chat, "GET", "/health")
    assert (health.status, health.fields) == (503, {"status": "about to end: send no one here"})
    with Visitor(chat) as ann:  # until the balancer has seen it, they still come
        ann.publish(1, "hi")
        assert ann.until("confirm")["n"] == 1


def test_the_log_says_who_came_from_where_and_how_it_ended(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "wsdemo.chat"):
        with Chat() as chat:
            with Visitor(chat, "ann.my-secret") as ann, Visitor(chat, None) as nobody:
                ann.publish(1, "a private word")
                ann.until("confirm")
                nobody.bye()
            assert ann.ws.wait_closed(DEADLINE)
            with Visitor(chat, "eve.my-secret") as eve:
                eve.until("welcome")
                eve.ws.cut_off()
                turn_until(chat.server._reactor, lambda: "eve from" in caplog.text)
    lines = sorted(record.getMessage() for record in caplog.records)
    assert [line.split(" left after ")[0] for line in lines] == [
        "ann from 127.0.0.1",
        "eve from 127.0.0.1",
        "no user from 127.0.0.1",
    ]
    assert [line.partition(" s, ")[2] for line in lines] == [
        "close code 1000",
        "close code 1006",
        "close code 4401",
    ]
    assert "secret" not in caplog.text and "private" not in caplog.text


@anywhere
def test_the_server_tells_the_time_and_how_it_is_and_users_only_read(chat: Chat) -> None:
    with Visitor(chat) as ann:
        ann.until("welcome")
        ann.join("#time")
        told = ann.until("volatile")
        assert (told["channel"], told["from"]) == ("#time", "server")
        assert re.fullmatch(r"\d\d:\d\d:\d\d", told["body"]["time"])
        assert told["body"]["connections"] == 1 and told["body"]["messages"] >= 0 <= told["body"]["lag"]
        ann.say("volatile", channel="#time", body="midnight")
        assert ann.until("error")["code"] == "not_allowed"


@anywhere
def test_the_files_of_the_page_are_served(chat: Chat) -> None:
    found = ask(chat, "GET", "/socket.js")
    assert found.status == 200 and found.headers["Content-Type"].startswith("text/javascript")
