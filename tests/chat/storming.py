"""The long runs of logins, for ``make soak``: a storm of them, revocations, forged messages.

logins       200 logins at once, three times, and the echo of others beside them
revocations  100 by another process and 100 by logging out: how soon each is felt
forged       10,000 sealed messages that nobody sealed
"""

from __future__ import annotations

import collections
import json
import random
import selectors
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.chat.killing import ChatProcess
from tests.patterns.killing import Process
from tests.patterns.test_sealed import accepted
from tests.waiting import DEADLINE
from wsdemo import Connection, ConnectionClosed, connect
from wsdemo.chat import Chat, Members
from wsdemo.chat.members import signing_keys
from wsdemo.patterns.accounts import Accounts
from wsdemo.patterns.messages import PROTOCOL, frame
from wsdemo.patterns.tokens import Tokens

Row = tuple[str, str, bool]

PASSWORD = "correct horse"
#: Seconds from one echo to the next: below the rate of a member.
PAUSE = 0.01


class LoginServer(Process):
    """A chat with accounts that takes any number of attempts: only the queue is a bound."""

    path_in_url = "chat"

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.chat.storming", "serve", str(self.path), str(self.port)]


class AccountsProcess(ChatProcess):
    """The chat as a person starts it, with accounts."""

    @property
    def command(self) -> list[str]:
        return [*super().command[:4], "--accounts", str(self.path), "--port", str(self.port)]


def tokens_for(path: Path, users: list[str]) -> dict[str, str]:
    """Accounts, and a token of each; made before the server begins."""
    with Accounts(path, hashed=lambda password, salt: bytes(32)) as accounts:
        for user in users:
            accounts.store(user, PASSWORD).result(DEADLINE)
    tokens = Tokens(signing_keys(f"{path}.keys", time.time()), lifetime=3600.0)
    return {user: tokens.issue(user) for user in users}


# -- a storm of logins ---------------------------------------------------------------------------------------


def logins(folder: Path, scale: float) -> Iterator[Row]:
    """Turn by turn without and with a storm, so that what else the machine does falls on both."""
    count = max(50, int(200 * scale))
    tokens = tokens_for(folder / "accounts", ["ann", "bob"])
    server = LoginServer(folder / "accounts")
    command = [sys.executable, "-m", "tests.chat.storming", "echo", server.url, *tokens.values()]
    echo = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert echo.stdout is not None and echo.stdout.readline() == "begun\n"
    storms, answers, waits = [], collections.Counter[str](), []
    for _ in range(3):
        time.sleep(max(1.0, 6.0 * scale))
        begun = time.monotonic()
        for status, seconds in storm(server.port, count):
            answers[status] += 1
            waits += [seconds] if status == "429, with Retry-After" else []
        storms.append((begun, time.monotonic()))
    times = [tuple(pair) for pair in json.loads(echo.communicate()[0])]
    beside = [took for at, took in times if any(first <= at < last for first, last in storms)]
    alone = [took for at, took in times if not any(first <= at < last for first, last in storms)]
    load = f"load {psutil.getloadavg()[0]:.1f}"
    yield f"echo of others alone, {len(alone):,}", f"{quantiles(alone)}; {load}", True
    yield f"echo beside {count} logins, 3 times, {len(beside):,}", quantiles(beside), True
    told = ", ".join(f"{number} {status}" for status, number in sorted(answers.items()))
    yield (
        f"{3 * count} logins, those in the end",
        f"{told}; refused after at most {max(waits) * 1e3:.0f} ms; "
        f"a storm lasts {max(last - first for first, last in storms):.1f} s",
        set(answers) <= {"401", "429, with Retry-After", "503"},  # 503: not hashed within 10 s
    )
    server.close()


def storm(port: int, count: int) -> Iterator[tuple[str, float]]:
    """So many logins at once: of each the status, and the seconds until its answer."""
    with selectors.DefaultSelector() as waiting:
        for number in range(count):
            body = json.dumps({"name": f"user{number}", "password": PASSWORD})
            head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json"
            sock = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
            sock.sendall(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            waiting.register(sock, selectors.EVENT_READ, time.monotonic())
        while waiting.get_map():
            ready = waiting.select(60.0)
            assert ready, "a login has no answer"
            for key, _ in ready:
                waiting.unregister(key.fileobj)
                with key.fileobj as sock:
                    answer = b"".join(iter(lambda: sock.recv(4096), b"")).decode()
                more = ", with Retry-After" if "\r\nRetry-After: " in answer else ""
                yield answer.split()[1] + more, time.monotonic() - key.data


def echo(url: str, ann_token: str, bob_token: str) -> None:
    """Print the seconds of messages from Ann to Bob and back, each with its time, until the input ends."""
    ann, bob = (enter(url, token) for token in (ann_token, bob_token))
    for ws in (ann, bob):
        ws.send(frame("join", id=1, channel="#lobby"))
        until(ws, "ok")
    found = []
    print("begun", flush=True)
    with selectors.DefaultSelector() as ended:
        ended.register(sys.stdin, selectors.EVENT_READ)
        while not ended.select(PAUSE):
            at = time.monotonic()
            for sender, hearer in ((ann, bob), (bob, ann)):
                sender.send(frame("volatile", channel="#lobby", body="x" * 100))
                until(hearer, "volatile")
            found.append((at, time.monotonic() - at))
    print(json.dumps(found))


def enter(url: str, token: str) -> Connection:
    """A connection with its welcome."""
    ws = connect(url, subprotocols=[PROTOCOL], compression=False)
    ws.send(frame("hello", v=1, device="one", token=token))
    until(ws, "welcome")
    return ws


def until(ws: Connection, kind: str) -> None:
    while json.loads(ws.recv(60))["type"] != kind:
        pass


def quantiles(seconds: list[float]) -> str:
    cut = [second * 1e3 for second in statistics.quantiles(seconds, n=100)]
    return f"p50 {cut[49]:.2f} ms, p99 {cut[98]:.2f} ms, at most {max(seconds) * 1e3:.1f} ms"


# -- revocations ---------------------------------------------------------------------------------------------


def revocations(folder: Path, scale: float) -> Iterator[Row]:
    """From the call to the end of the user's connection, whose token is good no longer."""
    path, count = folder / "accounts", max(10, int(100 * scale))
    names = [f"user{number}" for number in range(2 * count)]
    tokens = tokens_for(path, names)
    server, chance = AccountsProcess(path), random.Random(1)
    connections = {user: enter(server.url, token) for user, token in tokens.items()}
    with Accounts(path) as elsewhere:
        for way, users in (("another process", names[:count]), ("logging out", names[count:])):
            found = []
            for user in users:
                time.sleep(chance.random() * 0.5)  # at any time between two looks of the server
                begun = time.monotonic()
                if way == "logging out":
                    assert ask(server.port, "logout", tokens[user], b"{}")["user"] is None
                else:
                    elsewhere.revoke(user)
                code = end_of(connections[user])
                found.append(time.monotonic() - begun)
                assert code == 4401 and ask(server.port, "session", tokens[user])["user"] is None
            figures = f"median {statistics.median(found) * 1e3:.0f} ms, slowest {max(found) * 1e3:.0f} ms"
            load = f"load {psutil.getloadavg()[0]:.1f}"
            yield f"{count} revocations by {way}", f"{figures}; {load}", max(found) < 1.0
    server.close()


def end_of(ws: Connection) -> int:
    """The close code with which a connection ends."""
    try:
        while True:
            ws.recv(60)
    except ConnectionClosed as closed:
        return closed.code


def ask(port: int, path: str, token: str, body: bytes | None = None) -> dict[str, object]:
    """The answer of a route."""
    fields = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", body, fields)
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=60) as response:
        found: dict[str, object] = json.loads(response.read())
    return found


# -- forged messages -----------------------------------------------------------------------------------------


def forged(folder: Path, scale: float) -> Iterator[Row]:
    """Changed, repeated, renumbered, cut, lengthened, spelled otherwise, sealed by another key."""
    tries, seed = max(1_000, int(10_000 * scale)), random.SystemRandom().randrange(10**9)
    found = accepted(tries, seed)
    yield f"{tries:,} forged sealed messages, seed {seed}", f"{found} opened", found == 0


def serve(path: str, port: str) -> None:
    """The server's process: prints its port, ends when its input does."""
    with Chat(port=int(port), identity=Members(path, attempts=(1000.0, 1000))) as chat:
        print(chat.server.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    {"serve": serve, "echo": echo}[sys.argv[1]](*sys.argv[2:])
