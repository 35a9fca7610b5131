"""``chat``: its lines, its end by either signal, and what it refuses to begin with."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.processes import Process, Start, end, ended, line, run
from tests.waiting import DEADLINE, Seen
from wsdemo import ConnectionClosed, connect
from wsdemo.cli import main, parser
from wsdemo.commands import chat
from wsdemo.patterns import natsserver
from wsdemo.patterns.accounts import Accounts
from wsdemo.patterns.messages import PROTOCOL
from wsdemo.patterns.reconnect import ReconnectingClient
from wsdemo.patterns.sqlitelog import SqliteLog

POSIX = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


def serve(start: Start, *options: str) -> tuple[Process, str]:
    """A chat on a free port, and the address of its page."""
    process = start("chat", "--port", "0", *options)
    found = re.fullmatch(r"chat on (http\S+/); Ctrl-C ends it", line(process))
    assert found
    return process, found[1]


def hello(url: str, user: str = "ann") -> Any:
    """A client that is welcome."""
    ws = connect(f"ws{url.removeprefix('http')}chat", subprotocols=[PROTOCOL])
    ws.send(f'{{"type":"hello","v":1,"device":"phone","token":"{user}.secret"}}')
    assert json.loads(ws.recv(DEADLINE))["type"] == "welcome"
    return ws


def farewell(ws: Any) -> dict[str, Any]:
    """The bye, and the end behind it."""
    bye: dict[str, Any] = json.loads(ws.recv(DEADLINE))
    with pytest.raises(ConnectionClosed):
        ws.recv(DEADLINE)
    ws.close()
    return bye


def test_it_says_where_it_is_and_that_nothing_is_kept(start: Start) -> None:
    process, url = serve(start)
    assert line(process) == "messages are in memory: --db FILE keeps them"
    with urllib.request.urlopen(f"{url}health", timeout=DEADLINE) as response:
        assert json.load(response) == {"status": "ok"}
    assert end(process) == (0, "", "")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, ["messages are in memory: --db FILE keeps them"]),
        ({"db": "a.db"}, []),
        ({"broker": "nats://a"}, ["one node of nats://a; the next one: chat --port 0 --broker nats://a"]),
        (
            {"broker": "nats://a,nats://ann:s3cret@b"},
            ["one node of nats://a,nats://...@b; the next one: chat --port 0 --broker nats://a,nats://...@b"],
        ),
        (
            {"broker": "nats://a", "kept": False},
            [
                "one node of nats://a; the next one: chat --port 0 --broker nats://a",
                "messages end with this process: --db FOLDER keeps them",
            ],
        ),
        (
            {"broker": "nats://a", "db": "a"},
            ["one node of nats://a; the next one: chat --port 0 --broker nats://a"],
        ),
    ],
)
def test_it_says_what_it_keeps(given: dict[str, Any], said: list[str]) -> None:
    options = argparse.Namespace(**{"db": None, "broker": None, "host": "127.0.0.1"} | given)
    log = SimpleNamespace(durable=given.get("kept", True))
    shown = chat.greeting(SimpleNamespace(url="http://a/", log=log), options)  # type: ignore[arg-type]
    assert shown == ["chat on http://a/; Ctrl-C ends it", *said]


@pytest.mark.parametrize("db", [None, "kept"])
def test_a_nats_of_its_own_lives_in_the_folder_given_or_in_one_that_goes(
    monkeypatch: pytest.MonkeyPatch, db: str | None
) -> None:
    monkeypatch.setattr(natsserver, "NatsServer", Path)
    with contextlib.ExitStack() as opened:
        folder: Any = chat._own_nats(argparse.Namespace(db=db), opened)
        assert (folder == Path("kept")) if db else folder.is_dir()
    assert not folder.exists()


def test_with_a_file_messages_are_kept(start: Start, tmp_path: Path) -> None:
    db = str(tmp_path / "chat.db")
    for next_number in (1, 2):
        process, url = serve(start, "--db", db)
        with connect(f"ws{url.removeprefix('http')}chat", subprotocols=[PROTOCOL]) as ws:
            ws.send('{"type":"hello","v":1,"device":"phone","token":"ann.secret"}')
            welcome = json.loads(ws.recv(DEADLINE))
            assert (welcome["next"], welcome["durable"]) == (next_number, True)
            ws.send(json.dumps({"type": "publish", "n": next_number, "channel": "#lobby", "body": "hi"}))
            assert json.loads(ws.recv(DEADLINE)) == {"type": "confirm", "n": next_number}
        assert end(process)[0] == 0


def test_a_terminal_and_a_program_in_one_room(start: Start) -> None:
    """``talk`` speaks the protocol line by line."""
    process, url = serve(start)
    address = f"ws{url.removeprefix('http')}chat"
    terminal = start("talk", address, "--subprotocol", PROTOCOL, stdin=subprocess.PIPE)
    heard = Seen()

    def type_in(**fields: Any) -> dict[str, Any]:
        assert terminal.stdin is not None
        terminal.stdin.write(json.dumps(fields) + "\n")
        terminal.stdin.flush()
        found: dict[str, Any] = json.loads(line(terminal).removeprefix("< "))
        return found

    assert type_in(type="hello", v=1, device="tty", token="bob.secret")["user"] == "bob"
    assert type_in(type="join", id=1, channel="#lobby")["type"] == "ok"
    with ReconnectingClient(address, heard, token=lambda: "ann.secret") as program:
        program.join("#lobby", after=0)
        program.publish("#lobby", "from the program")
        assert json.loads(line(terminal).removeprefix("< "))["body"] == "from the program"
        assert heard.next()["body"] == "from the program"
        shown = [type_in(type="publish", n=1, channel="#lobby", body="from a terminal")]
        shown.append(json.loads(line(terminal).removeprefix("< ")))
        assert {message["type"] for message in shown} == {"message", "confirm"}
        assert heard.next()["body"] == "from a terminal"
    assert end(terminal)[0] == end(process)[0] == 0


@POSIX
def test_ctrl_c_ends_it_at_once(start: Start) -> None:
    process, url = serve(start)
    ws = hello(url)
    process.send_signal(signal.SIGINT)
    assert farewell(ws)["code"] == 1001
    assert ended(process)[::2] == (0, "")


@POSIX
def test_sigterm_drains(start: Start) -> None:
    process, url = serve(start, "--drain", "0.2")
    ws = hello(url)
    process.send_signal(signal.SIGTERM)
    bye = farewell(ws)
    assert (bye["code"], bye["after"] <= 0.2) == (1012, True)
    assert ended(process)[::2] == (0, "")


def health(url: str) -> int:
    try:
        with urllib.request.urlopen(f"{url}health", timeout=DEADLINE) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@POSIX
def test_a_balancer_can_see_the_end_before_it_begins(start: Start) -> None:
    """For 3,000 seconds /health says so, and a client comes in all the same; a second signal ends it."""
    process, url = serve(start, "--lame-duck", "3000")
    assert health(url) == 200
    process.send_signal(signal.SIGTERM)
    assert line(process).startswith("messages are in memory")
    assert line(process) == "/health answers 503, and the clients may stay for 3000 seconds"
    assert health(url) == 503
    ws = hello(url)
    process.send_signal(signal.SIGTERM)
    assert farewell(ws)["code"] == 1001
    assert ended(process)[::2] == (0, "")


@POSIX
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_drain(start: Start, second: int) -> None:
    """Of two clients the second one would be asked to leave after 1,500 seconds."""
    process, url = serve(start, "--drain", "3000")
    clients = [hello(url, device) for device in ("phone", "laptop")]
    process.send_signal(signal.SIGTERM)
    assert line(process).startswith("messages are in memory")
    assert line(process) == "the clients are told to come back later; a second signal ends it at once"
    process.send_signal(second)
    assert {farewell(ws)["code"] for ws in clients} <= {1001, 1012}
    assert ended(process)[::2] == (0, "")


def test_the_default_of_the_lame_duck_may_be_said() -> None:
    given = {text: parser().parse_args(["chat", "--lame-duck", text]).lame_duck for text in ("0", "0.5")}
    assert given == {"0": 0.0, "0.5": 0.5} and parser().parse_args(["chat"]).lame_duck == 0.0
    with pytest.raises(SystemExit):
        parser().parse_args(["chat", "--lame-duck", "-1"])


def test_others_are_let_in_only_where_that_was_said(start: Start) -> None:
    status, out, err = run(start, "chat", "--host", "0.0.0.0", "--port", "0")
    assert (status, out) == (1, "")
    assert err == (
        "wsdemo chat: --host 0.0.0.0 lets others in: add --accounts FILE, or --guests, where their name "
        "is enough to log in\n"
    )


def test_the_address_for_others_and_what_plain_http_takes_away(start: Start) -> None:
    process, _ = serve(start, "--host", "0.0.0.0", "--guests")
    assert line(process).startswith("messages are in memory")
    assert re.fullmatch(r"for others: http://\S+:\d+/", line(process))
    assert "no Web Locks" in line(process)
    assert end(process)[0] == 0


def test_under_tls(start: Start, tmp_path: Path) -> None:
    import ssl

    import trustme

    authority, pem = trustme.CA(), tmp_path / "chat.pem"
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(pem)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    process, url = serve(start, "--certificate", str(pem))
    assert url.startswith("https://127.0.0.1:")
    with urllib.request.urlopen(f"{url}health", timeout=DEADLINE, context=trusting) as response:
        assert response.status == 200
    assert end(process)[0] == 0
    pem.write_text("no certificate")
    status, _, err = run(start, "chat", "--port", "0", "--certificate", str(pem))
    assert (status, err.count("\n")) == (1, 1)
    assert f"{pem}: no certificate with its key in PEM" in err


def test_clients_show_a_certificate_where_one_is_asked_for(start: Start, tmp_path: Path) -> None:
    import ssl

    import trustme

    authority, pem, ca = trustme.CA(), tmp_path / "chat.pem", tmp_path / "ca.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
    authority.cert_pem.write_to_path(ca)
    process, url = serve(start, "--certificate", str(pem), "--client-ca", str(ca))
    known, unknown = ssl.create_default_context(), ssl.create_default_context()
    for context in (known, unknown):
        authority.configure_trust(context)
    authority.issue_cert("ann@example.com").configure_cert(known)
    with urllib.request.urlopen(f"{url}health", timeout=DEADLINE, context=known) as response:
        assert response.status == 200
    with pytest.raises(OSError):
        urllib.request.urlopen(f"{url}health", timeout=DEADLINE, context=unknown)
    end(process)


def post(url: str, path: str, fields: dict[str, Any], **headers: str) -> Any:
    """An answer to a POST, with its head."""
    request = urllib.request.Request(f"{url}{path}", json.dumps(fields).encode(), method="POST")
    for name, value in {"Content-Type": "application/json", **headers}.items():
        request.add_header(name, value)
    return urllib.request.urlopen(request, timeout=DEADLINE)


def user(url: str, cookie: str) -> Any:
    request = urllib.request.Request(f"{url}session", headers={"Cookie": cookie})
    with urllib.request.urlopen(request, timeout=DEADLINE) as response:
        return json.load(response)["user"]


@POSIX
def test_users_with_passwords_and_revocations_that_survive_kill_9(start: Start, tmp_path: Path) -> None:
    """Ann logs out and is told so; the server is killed at once. Her cookie stays dead, that of Bob lives."""
    accounts = str(tmp_path / "accounts")
    for name in ("ann", "bob"):
        asked = start("chat", "--accounts", accounts, "--add-user", name, stdin=subprocess.PIPE)
        assert asked.communicate("correct horse\n", timeout=DEADLINE) == (f"{name} may log in\n", "")
    process, url = serve(start, "--accounts", accounts)
    port, cookies = url.rpartition(":")[2].rstrip("/"), {}
    for name in ("ann", "bob"):
        with post(url, "login", {"name": name, "password": "correct horse"}) as response:
            cookies[name] = response.headers["Set-Cookie"].partition(";")[0]
    with post(url, "logout", {}, Cookie=cookies["ann"]) as response:
        assert response.status == 200
    process.kill()
    process.communicate(timeout=DEADLINE)
    process, url = serve(start, "--accounts", accounts)
    now = f"wsdemo_{url.rpartition(':')[2].rstrip('/')}"
    found = {name: user(url, cookie.replace(f"wsdemo_{port}", now)) for name, cookie in cookies.items()}
    assert found == {"ann": None, "bob": "bob"}
    status, out, err = run(start, "chat", "--accounts", accounts, "--revoke", "bob")
    assert (status, out, err) == (0, "bob has to log in again\n", "")
    status, _, err = run(start, "chat", "--accounts", accounts, "--revoke", "eve")
    assert (status, err) == (1, "wsdemo chat: there is no user 'eve'\n")
    end(process)


def test_a_bad_user_is_one_line(start: Start, tmp_path: Path) -> None:
    accounts = str(tmp_path / "accounts")
    for name, password, why in (("Ann", "correct horse", "1 to 32 of a-z"), ("ann", "short", "at least 8")):
        asked = start("chat", "--accounts", accounts, "--add-user", name, stdin=subprocess.PIPE)
        _, err = asked.communicate(f"{password}\n", timeout=DEADLINE)
        assert why in err and err.count("\n") == 1 and password not in err and asked.returncode == 1


def test_the_promises(start: Start) -> None:
    status, out, err = run(start, "chat", "--promises")
    assert (status, err) == (0, "") and out.startswith("G1  After `confirm n`")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--db", "/no/such/folder/chat.db"], "/no/such/folder/chat.db: cannot be opened as a message log"),
        (["--origins", "evil"], "origins: got the text 'evil'"),
        (["--public-origin", "chat.example"], "public origin 'chat.example', expected 'https://example.com'"),
        (["--certificate", "/no/such/file"], "/no/such/file"),
        (["--client-ca", "/no/such/file"], "--client-ca needs --certificate FILE"),
        (["--add-user", "ann"], "--add-user and --revoke need --accounts FILE"),
        (["--revoke", "ann", "--add-user", "ann", "--accounts", "x"], "go one at a time"),
        (["--replicas", "3"], "--replicas is for --broker"),
        (["--broker", "local", "--db", ""], "--db '', expected a folder"),
        (["--new-epoch"], "--new-epoch needs --db FILE, or --broker nats://HOST:PORT"),
        (["--new-epoch", "--broker", "local"], "where the copy was put back"),
        (["--new-epoch", "--db", "/no/such/file"], "/no/such/file: there is no message log"),
        (["--new-epoch", "--db", __file__], "test_chat.py: no SQLite database"),
        (["--accounts", "/no/such/folder/accounts"], "/no/such/folder/accounts"),
        (["--accounts", ""], "No such file or directory"),
        (["--accounts", ":memory:"], "the path ':memory:', expected that of a file"),
        (["--accounts", "x", "--guests"], "give one of them"),
        (["--accounts", "", "--add-user", ""], "No such file or directory"),
        (["--accounts", "x", "--add-user", "server"], "server is the name of the chat itself"),
        (["--add-user", ""], "--add-user and --revoke need --accounts FILE"),
        (["--db", ""], "the path '', expected that of a file"),
        (["--db", ":memory:"], "the path ':memory:', expected that of a file"),
        (["--host", "x" * 64], "no such host name"),
    ],
)
def test_a_mistake_is_one_line(start: Start, options: list[str], why: str) -> None:
    status, out, err = run(start, "chat", "--port", "0", *options)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("wsdemo chat: ") and why in err


def test_a_file_of_one_kind_is_not_taken_for_one_of_the_other(start: Start, tmp_path: Path) -> None:
    """Both are of version 1, and neither is changed."""
    SqliteLog(log := tmp_path / "chat.db", print).close()
    Accounts(accounts := tmp_path / "users.db").close()
    before = log.read_bytes(), accounts.read_bytes()
    for options in (["--accounts", str(log)], ["--db", str(accounts)]):
        status, out, err = run(start, "chat", "--port", "0", *options)
        assert (status, out, err.count("\n")) == (1, "", 1) and "of version 1" in err
    assert (log.read_bytes(), accounts.read_bytes()) == before
    assert sorted(tmp_path.iterdir()) == [log, accounts]


def test_a_key_with_a_password_asks_for_none(start: Start, tmp_path: Path) -> None:
    import trustme
    from cryptography.hazmat.primitives import serialization

    made = trustme.CA().issue_cert("127.0.0.1")
    key = serialization.load_pem_private_key(made.private_key_pem.bytes(), None)
    kind, pem = serialization.PrivateFormat.TraditionalOpenSSL, serialization.Encoding.PEM
    sealed = key.private_bytes(pem, kind, serialization.BestAvailableEncryption(b"secret"))
    (path := tmp_path / "chat.pem").write_bytes(sealed + made.cert_chain_pems[0].bytes())
    status, out, err = run(start, "chat", "--port", "0", "--certificate", str(path))
    assert (status, out) == (1, "")
    assert err == f"wsdemo chat: {path}: its key needs a password: store it without one\n"


def test_a_disk_that_takes_no_user_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever SQLite says: here that the table has gone meanwhile."""
    Accounts(path := tmp_path / "users.db").close()

    def drop(user: str) -> str:
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute("DROP TABLE account")
        return "correct horse"

    monkeypatch.setattr(chat, "_password", drop)
    assert main(["chat", "--accounts", str(path), "--add-user", "ann"]) == 1
    assert capsys.readouterr() == ("", f"wsdemo chat: {path}: no such table: account\n")


def test_no_password_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ctrl_d(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr(getpass, "getpass", ctrl_d)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    assert main(["chat", "--accounts", str(tmp_path / "users.db"), "--add-user", "ann"]) == 1
    assert capsys.readouterr() == ("", "wsdemo chat: no password was given\n")


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_the_own_address_is_one_that_others_can_use(host: str) -> None:
    assert chat.own_address(host) not in ("0.0.0.0", "::", "")


@pytest.mark.parametrize("kept", [True, False])
def test_a_nats_in_a_folder_that_goes_is_not_durable(start: Start, tmp_path: Path, kept: bool) -> None:
    folder = ["--db", str(tmp_path / "nats")] if kept else []
    process, url = serve(start, "--broker", "local", *folder)
    with connect(f"ws{url.removeprefix('http')}chat", subprotocols=[PROTOCOL]) as ws:
        ws.send('{"type":"hello","v":1,"device":"phone","token":"ann.secret"}')
        assert json.loads(ws.recv(DEADLINE))["durable"] is kept
    assert end(process)[0] == 0


def test_two_processes_on_one_broker_are_one_service(start: Start, tmp_path: Path) -> None:
    first, one = serve(start, "--broker", "local", "--db", str(tmp_path / "nats"))
    found = re.fullmatch(r"one node of (nats://\S+); the next one: chat --port 0 --broker \1", line(first))
    assert found
    second, two = serve(start, "--broker", found[1])
    ann, bob = hello(one), hello(two, "bob")
    bob.send('{"type":"join","id":1,"channel":"#lobby","after":0}')
    assert json.loads(bob.recv(DEADLINE))["type"] == "ok"
    ann.send('{"type":"publish","n":1,"channel":"#lobby","body":"hello"}')
    assert json.loads(bob.recv(DEADLINE))["body"] == "hello"
    assert json.loads(ann.recv(DEADLINE)) == {"type": "confirm", "n": 1}
    moved = connect(f"ws{two.removeprefix('http')}chat", subprotocols=[PROTOCOL])
    moved.send('{"type":"hello","v":1,"device":"phone","token":"ann.secret"}')
    assert json.loads(moved.recv(DEADLINE))["next"] == 2
    for ws in (ann, bob, moved):
        ws.close()
    assert end(second)[0] == end(first)[0] == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--broker", "nats://127.0.0.1:1"), "no NATS answers there"),
        (("--broker", "nats://127.0.0.1:1", "--db", "x"), "--db FILE is for one process"),
    ],
)
def test_a_broker_that_is_not_there_is_one_line(start: Start, options: tuple[str, ...], said: str) -> None:
    status, out, err = run(start, "chat", "--port", "0", *options)
    assert status == 1 and out == "" and said in err and err.count("\n") == 1


def test_without_a_nats_server_one_line_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(natsserver, "find", lambda: None)
    assert main(["chat", "--port", "0", "--broker", "local"]) == 1
    assert "no nats-server here: pip install 'wsdemo[scale]'" in capsys.readouterr().err
