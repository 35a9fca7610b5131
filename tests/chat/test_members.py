"""Users with passwords: logging in, tokens that end, revocations, and a storm of logins that hurts no one."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import selectors
import socket
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.chat.visiting import Visitor, ask
from tests.waiting import DEADLINE, Seen
from wsdemo import HandshakeError, Trace, connect
from wsdemo.chat import Chat, Members
from wsdemo.chat import members as module
from wsdemo.chat.limits import CHAT_LIMITS, ChatLimits
from wsdemo.chat.members import KEY_AGE, signing_keys
from wsdemo.patterns.accounts import Accounts
from wsdemo.patterns.messages import PROTOCOL
from wsdemo.proxy.sniffer import Sniffer
from wsdemo.trace import TO_SERVER

PASSWORD = "correct horse"


def quick(password: bytes, salt: bytes) -> bytes:
    return hashlib.sha256(salt + password).digest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with the accounts of ann and bob."""
    with Accounts(tmp_path / "accounts", hashed=quick) as accounts:
        for user in ("ann", "bob"):
            accounts.store(user, PASSWORD).result(DEADLINE)
    return tmp_path / "accounts"


@pytest.fixture
def members(path: Path) -> Iterator[Chat]:
    with Chat(identity=Members(path, hashed=quick, attempts=(1000.0, 1000))) as chat:
        yield chat
        assert [error for _, error in chat.server.errors if not isinstance(error, HandshakeError)] == []


def log_in(chat: Chat, user: str = "ann", password: str = PASSWORD) -> str:
    found = ask(chat, "POST", "/login", {"name": user, "password": password})
    assert found.status == 200
    return found.cookie


def token(chat: Chat, cookie: str) -> str:
    found: str = ask(chat, "POST", "/token", {}, Cookie=cookie).fields["token"]
    return found


def test_the_accounts_end_with_the_chat(path: Path) -> None:
    members = Members(path, hashed=quick)
    with Chat(identity=members):
        assert members.accounts._thread.is_alive()
    assert not members.accounts._thread.is_alive()


def test_a_member_logs_in_and_is_known(members: Chat) -> None:
    cookie = log_in(members)
    session = ask(members, "GET", "/session", Cookie=cookie).fields
    assert (session["user"], session["guests"]) == ("ann", False)
    assert module.COOKIE - 60 < session["expires"] - session["now"] <= module.COOKIE
    with Visitor(members, None, headers={"Cookie": cookie}) as page:
        welcome = page.until("welcome")
        assert welcome["user"] == "ann" and welcome["expires"] > welcome["now"]
    with Visitor(members, token(members, cookie)) as program:
        welcome = program.until("welcome")
        assert module.PROGRAM - 60 < welcome["expires"] - welcome["now"] <= module.PROGRAM


def test_a_wrong_name_and_a_wrong_password_look_alike(members: Chat) -> None:
    tried = [
        ("ann", "wrong password"),
        ("nobody", PASSWORD),
        ("server", PASSWORD),
        ("Ann", PASSWORD),
        ("", ""),
    ]
    answers = {
        (found.status, str(found.fields), str(sorted(found.headers)))
        for name, password in tried
        for found in [ask(members, "POST", "/login", {"name": name, "password": password})]
    }
    assert len(answers) == 1 and "wrong name or password" in str(answers) and "401" in str(answers)
    assert ask(members, "POST", "/login", {"name": "ann"}).status == 401


def test_after_five_attempts_one_is_told_when_to_come_back(path: Path) -> None:
    with Chat(identity=Members(path, hashed=quick, clock=lambda: 0.0)) as chat:
        for _ in range(5):
            assert ask(chat, "POST", "/login", {"name": "ann", "password": "wrong one"}).status == 401
        found = ask(chat, "POST", "/login", {"name": "ann", "password": PASSWORD})
        assert found.status == 429 and 0 < int(found.headers["Retry-After"]) <= 12


def test_the_bound_on_attempts_is_one_of_the_limits(path: Path) -> None:
    limits = ChatLimits(logins=(1.0, 1))
    with Chat(identity=Members(path, limits=limits, hashed=quick, clock=lambda: 0.0), limits=limits) as chat:
        found = [ask(chat, "POST", "/login", {"name": "ann", "password": PASSWORD}).status for _ in range(2)]
        assert found == [200, 429]


@pytest.mark.parametrize(("public", "last"), [(None, 429), ("https://chat.example", 401)])
def test_behind_a_proxy_all_users_share_its_address_and_no_bound(
    path: Path, public: str | None, last: int
) -> None:
    host = {"Host": "chat.example"} if public else {}
    members = Members(path, hashed=quick, clock=lambda: 0.0)
    with Chat(identity=members, public_origin=public) as chat:
        for number in range(5):
            wrong = {"name": f"user{number}", "password": "wrong one"}
            assert ask(chat, "POST", "/login", wrong, **host).status == 401
        assert ask(chat, "POST", "/login", {"name": "bob", "password": "wrong one"}, **host).status == last


def test_logging_out_ends_every_token_and_every_connection(members: Chat) -> None:
    cookie = log_in(members)
    program = token(members, cookie)
    with (
        Visitor(members, None, "page", headers={"Cookie": cookie}) as page,
        Visitor(members, program) as other,
    ):
        page.until("welcome")
        other.until("welcome")
        assert ask(members, "POST", "/logout", {}, Cookie=cookie).status == 200
        assert page.bye()["code"] == other.bye()["code"] == 4401
    for again in (None, program):
        headers = {"Cookie": cookie} if again is None else {}
        with Visitor(members, again, headers=headers) as late:
            assert late.bye()["code"] == 4401
    assert ask(members, "GET", "/session", Cookie=cookie).fields["user"] is None
    assert ask(members, "GET", "/session", Cookie=log_in(members)).fields["user"] == "ann"


def test_one_who_was_revoked_between_the_opening_and_hello_stays_out(members: Chat) -> None:
    cookie = log_in(members)
    with connect(members.websocket_url, subprotocols=["wsdemo.chat.v1"], headers={"Cookie": cookie}) as ws:
        assert ask(members, "POST", "/logout", {}, Cookie=cookie).status == 200
        ws.send('{"type":"hello","v":1,"device":"phone"}')
        assert json.loads(ws.recv(DEADLINE))["code"] == 4401


def test_a_revocation_by_another_process_ends_the_connections(members: Chat, path: Path) -> None:
    with Visitor(members, None, headers={"Cookie": log_in(members)}) as ann:
        ann.until("welcome")
        with Accounts(path, hashed=quick) as elsewhere:
            elsewhere.revoke("ann").result(DEADLINE)
        assert ann.bye()["code"] == 4401


def test_a_token_ends_while_connected_and_this_is_told_before(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The 60 seconds themselves: tests/patterns/test_door.py, on a clock of its own."""
    monkeypatch.setattr(module, "PROGRAM", 50.0)
    with Chat(identity=Members(path, hashed=quick)) as chat:
        cookie = log_in(chat)
        with Visitor(chat, token(chat, cookie)) as ann, Visitor(chat, token(chat, cookie), "other") as other:
            assert 0 <= ann.until("expiring")["in"] <= 50
            other.until("expiring")
            monkeypatch.setattr(module, "PROGRAM", 900.0)
            other.say("refresh", id=7, token=token(chat, cookie))
            assert other.until("ok")["id"] == 7
            chat.rooms._clock = lambda: time.monotonic() + 50
            assert ann.bye()["code"] == 4401
            other.publish(1)
            assert other.until("confirm")["n"] == 1


def test_a_token_of_another_user_refreshes_nothing(members: Chat) -> None:
    bob = token(members, log_in(members, "bob"))
    with Visitor(members, token(members, log_in(members))) as ann:
        ann.until("welcome")
        ann.say("refresh", id=1, token=bob)
        assert ann.until("error")["code"] == "not_allowed"


def test_a_storm_of_logins_is_refused_politely_and_the_others_go_on(path: Path) -> None:
    """200 at once: one is hashed, 32 wait, 167 hear when to come back; a member's messages go their way."""
    go, begun = threading.Event(), Seen()

    def slow(password: bytes, salt: bytes) -> bytes:
        begun("a hash")
        assert go.wait(DEADLINE)
        return quick(password, salt)

    identity = Members(path, hashed=quick, attempts=(1000.0, 1000))
    limits = ChatLimits(net=replace(CHAT_LIMITS.net, open_timeout=3 * DEADLINE))  # a busy machine takes long
    with (
        Chat(identity=identity, limits=limits) as chat,
        Visitor(chat, token(chat, log_in(chat, "bob"))) as bob,
    ):
        bob.join()
        identity.accounts._hashed = slow
        storm = [knock(chat, "ann")]
        begun.next()  # hers is hashed, and waits no longer
        storm += [knock(chat, f"user{i}") for i in range(199)]
        for n in range(1, 21):
            bob.publish(n)
            assert bob.until("message")["n"] == n
        refused = [rest(sock) for sock in first_answered(storm, 167)]
        assert all(text.startswith("HTTP/1.1 429 ") and "Retry-After: 2" in text for text in refused)
        go.set()
        found = [rest(sock) for sock in storm if sock.fileno() != -1]
        assert sorted(text[9:12] for text in found) == ["200", *["401"] * 32]


def knock(chat: Chat, user: str) -> socket.socket:
    body = json.dumps({"name": user, "password": PASSWORD}).encode()
    sock = socket.create_connection(("127.0.0.1", chat.server.port), timeout=DEADLINE)
    head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{chat.server.port}\r\nContent-Type: application/json\r\n"
    sock.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return sock


def first_answered(storm: list[socket.socket], count: int) -> list[socket.socket]:
    """So many that have an answer; the others may still wait for theirs."""
    found: list[Any] = []
    with selectors.DefaultSelector() as waiting:
        for sock in storm:
            waiting.register(sock, selectors.EVENT_READ)
        while len(found) < count:
            ready = [key.fileobj for key, _ in waiting.select(DEADLINE)]
            assert ready, f"only {len(found)} have an answer"
            found += ready
            for sock in ready:
                waiting.unregister(sock)
    return found


def rest(sock: socket.socket) -> str:
    sock.settimeout(DEADLINE)
    with sock:
        return b"".join(iter(lambda: sock.recv(4096), b"")).decode()


def test_no_token_and_no_password_is_in_a_log_or_an_error(
    members: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    cookie = log_in(members)
    program = token(members, cookie)
    secrets = [PASSWORD, *cookie.partition("=")[2].split("."), *program.split(".")]  # errors are cut
    ask(members, "POST", "/login", {"name": "ann", "password": f"{PASSWORD} wrong"})
    ask(members, "GET", f"/nothing?token={program}", Authorization=f"Bearer {program}", Cookie=cookie)
    ask(members, "POST", "/token", b"{" + program.encode(), Authorization=f"Bearer {program}x")
    for options in (
        {"headers": {"Cookie": cookie}},
        {"headers": {"Authorization": f"Bearer {program}"}},
        {"subprotocols": [PROTOCOL, f"wsdemo.token.{program}"]},
    ):
        with connect(members.websocket_url, **options), Visitor(members, None, **options) as ann:
            ann.until("welcome")  # the token of the other one is still to be looked at
            shown = str([(ws, ws.user) for ws in members.server.connections])
            assert shown.count("Visitor(") >= 2 and not any(secret in shown for secret in secrets)
    with Visitor(members, f"{program}x") as eve:
        assert eve.bye()["code"] == 4401
    with Visitor(members, None, subprotocols=[PROTOCOL, f"wsdemo.token.{program}x"]) as eve:
        assert eve.bye()["code"] == 4401
    for names in ([f"wsdemo.token.{program}"] * 2, [f"wsdemo.token.{program}/", PROTOCOL]):
        assert raw_handshake(members, f"a\r\nSec-WebSocket-Protocol: {', '.join(names)}").split()[1] == "400"
    with Visitor(members, program) as ann:
        ann.until("welcome")
        ann.ws.send(f'{{"type":"hello","token":"{program}"')
        ann.ws.send(f'{{"type":"{program}"}}')
        assert [ann.until("error")["code"] for _ in range(2)] == ["bad_request", "unknown_type"]
    told = caplog.text + str([str(error) for _, error in members.server.errors])
    assert "left after" in told and not any(secret in told for secret in secrets)


def test_no_token_and_no_password_is_in_an_export(members: Chat, tmp_path: Path) -> None:
    """A login over plain HTTP, and all five ways in, recorded on their way: of both ends no file has any."""
    with Sniffer(members.websocket_url) as sniffer:
        cookie = raw_post(sniffer, "/login", {"name": "ann", "password": PASSWORD})
        cookie = cookie.partition("Set-Cookie: ")[2].partition(";")[0]
        program, ticket = (
            json.loads(raw_post(sniffer, path, {}, cookie).rpartition("\r\n")[2])[path[1:]]
            for path in ("/token", "/ticket")
        )
        for query, options, more in (
            ("", {"headers": {"Cookie": cookie}}, {}),
            ("", {"headers": {"Authorization": f"Bearer {program}"}}, {}),
            (f"?ticket={ticket}", {}, {}),
            ("", {"subprotocols": [PROTOCOL, f"wsdemo.token.{program}"]}, {}),
            ("", {"subprotocols": [PROTOCOL]}, {"token": program}),
        ):
            with connect(sniffer.url + query, **options) as ws:
                ws.send(json.dumps({"type": "hello", "v": 1, "device": "phone"} | more))
                assert "welcome" in ws.recv(DEADLINE)
    secrets = [PASSWORD, ticket, *cookie.partition("=")[2].split("."), *program.split(".")]
    raw = b"".join(chunk.data for chunk in sniffer.trace.chunks)
    assert all(secret.encode() in raw for secret in secrets)  # they were on the wire
    sniffer.trace.save(tmp_path / "a.jsonl")
    sniffer.trace.to_pcap(tmp_path / "a.pcap")
    again = Trace.load(tmp_path / "a.jsonl")
    for data in (b"".join(chunk.data for chunk in again.chunks), (tmp_path / "a.pcap").read_bytes()):
        assert b"POST /login HTTP/1.1" in data and not [s for s in secrets if s.encode() in data]
    hellos = [f.message for f in again.frames if f.direction == TO_SERVER and '"hello"' in str(f.message)]
    assert len(hellos) == 5 and hellos[4] == hellos[0][:-1] + f', "token": "{"*" * len(program)}"}}'
    assert not [secret for secret in secrets for frame in again.frames if secret.encode() in frame.payload]


def raw_post(sniffer: Sniffer, path: str, fields: dict[str, str], cookie: str = "a=b") -> str:
    """The answer to a POST, head and body."""
    body = json.dumps(fields)
    head = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{sniffer.port}",
        "Content-Type: application/json",
        f"Cookie: {cookie}",
        f"Content-Length: {len(body)}",
    ]
    with socket.create_connection(("127.0.0.1", sniffer.port), timeout=DEADLINE) as sock:
        sock.sendall("\r\n".join([*head, "", body]).encode())
        return rest(sock)


def test_keys_are_made_once_and_changed_by_age(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    first = signing_keys(path, 1e9)
    assert list(first) == ["1000000000"] and len(first["1000000000"]) == 32
    assert signing_keys(path, 1e9 + KEY_AGE - 1) == first
    second = signing_keys(path, 1e9 + KEY_AGE)
    assert len(second) == 2 and list(second)[1:] == list(first) and next(iter(second)) > next(iter(first))
    third = signing_keys(path, 1e9 + 2 * KEY_AGE)
    assert list(third)[1:] == list(second)[:1] and len(third) == 2
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_two_processes_that_start_at_once_have_one_key(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each would know its own, and refuse the tokens of the other one."""
    made = module.signing_keys

    def watched(keys: str, now: float) -> dict[str, bytes]:
        with contextlib.closing(sqlite3.connect(path, timeout=0)) as other:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        return made(keys, now)

    monkeypatch.setattr(module, "signing_keys", watched)
    Members(path, hashed=quick).close()
    Members(path, hashed=quick).close()


def test_keys_are_on_the_disk_before_they_take_the_place_of_the_old_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a power cut leaves an empty file, and all users are logged out."""
    path, seen, sync = tmp_path / "keys", [], os.fsync
    old = signing_keys(path, 1e9)

    def look(file: int) -> None:
        seen.append((os.fstat(file).st_size > len(before), path.read_text()))
        sync(file)

    before = path.read_text()
    monkeypatch.setattr(module.os, "fsync", look)
    assert set(old) < set(signing_keys(path, 1e9 + KEY_AGE))
    assert seen == [(True, before)] and path.read_text() != before


@pytest.mark.parametrize("text", ["", "[]", "[" * 5000, "no json", '{"a": "00"}', '{"1": 5}', '{"1": "xy"}'])
def test_another_file_is_no_file_of_keys(tmp_path: Path, text: str) -> None:
    (path := tmp_path / "keys").write_text(text)
    with pytest.raises(ValueError, match="no file of keys"):
        signing_keys(path, 1e9)
    assert path.read_text() == text


def test_a_token_outlives_the_server_and_so_does_its_end(path: Path) -> None:
    with Chat(identity=Members(path, hashed=quick)) as chat:
        port, ann, bob = chat.server.port, log_in(chat), log_in(chat, "bob")
        ask(chat, "POST", "/logout", {}, Cookie=bob)
    with Chat(identity=Members(path, hashed=quick)) as chat:
        ann, bob = (cookie.replace(str(port), str(chat.server.port)) for cookie in (ann, bob))
        assert ask(chat, "GET", "/session", Cookie=ann).fields["user"] == "ann"
        assert ask(chat, "GET", "/session", Cookie=bob).fields["user"] is None


def test_compression_is_agreed_without_context_takeover(members: Chat) -> None:
    """No compressor sees a token beside another text: each message is compressed alone."""
    for offer in ("permessage-deflate", "permessage-deflate; client_max_window_bits"):
        fields = raw_handshake(members, offer).lower()
        (line,) = [line for line in fields.splitlines() if line.startswith("sec-websocket-extensions")]
        assert "server_no_context_takeover" in line and "client_no_context_takeover" in line


def raw_handshake(chat: Chat, offer: str) -> str:
    with socket.create_connection(("127.0.0.1", chat.server.port), timeout=DEADLINE) as sock:
        head = [
            "GET /chat HTTP/1.1",
            f"Host: 127.0.0.1:{chat.server.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            f"Sec-WebSocket-Extensions: {offer}",
            "",
            "",
        ]
        sock.sendall("\r\n".join(head).encode())
        data = b""
        while b"\r\n\r\n" not in data:
            data += sock.recv(4096)
        return data.decode()


def test_files_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("no database, only words " * 9)
    with pytest.raises(ValueError, match="no accounts of version 1"):
        Members(tmp_path / "a")

    def missing(*args: Any, **options: Any) -> Any:
        raise ImportError("tokens need PyJWT: pip install pyjwt")

    monkeypatch.setattr(module, "Tokens", missing)
    with pytest.raises(ImportError, match="pip install pyjwt"):
        Members(tmp_path / "b")
    assert not any(thread.name == "wsdemo-accounts" for thread in threading.enumerate())
