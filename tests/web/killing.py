"""Four in one room of a chat that is killed again and again: two pages, a program and a terminal.

::

    ann, bob    pages in Chromium; what counts is what they show
    eve         a `ReconnectingClient`
    tom         ``python -m wsdemo talk``: someone starts it again, and types again what is not confirmed
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.chat.killing import ChatProcess
from tests.waiting import DEADLINE
from wsdemo.patterns.backoff import Waits
from wsdemo.patterns.messages import PROTOCOL, frame
from wsdemo.patterns.reconnect import ReconnectingClient

ROOM = "#lobby"
#: Keeps in `shown` the text of each line that the page has ever drawn.
SHOWN = """() => {
    window.shown = [];
    const keep = (line) => shown.push(line.querySelector(".text").textContent);
    new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach(keep)))
        .observe(document.getElementById("lines"), { childList: true });
}"""


class Tab:
    """A page of the chat, and a person who writes in it."""

    def __init__(self, page: Page, url: str, user: str) -> None:
        self.page = page
        page.goto(url)
        page.get_by_label("Your name").fill(user)
        page.get_by_role("button", name="Join the chat").click()
        page.locator("#state[data-state=open]").wait_for()
        page.evaluate(SHOWN)

    def publish(self, text: str) -> None:
        field = self.page.get_by_label("Message", exact=True)
        field.fill(text)
        field.press("Enter")

    def wait_for(self, number: int) -> None:
        self.page.evaluate("dispatchEvent(new Event('online'))")  # there is a network: do not wait any longer
        self.page.wait_for_function("(number) => shown.length >= number", arg=number, polling=50)

    @property
    def heard(self) -> list[str]:
        shown: list[str] = self.page.evaluate("shown")
        return shown


class Listener:
    """What someone has heard, and the wait for more."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.changed = threading.Condition()

    def add(self, message: dict[str, Any]) -> None:
        with self.changed:
            self.heard.append(message["body"]["text"])
            self.changed.notify_all()

    def wait_for(self, number: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.heard) >= number, DEADLINE)


class Program(Listener):
    """A Python client. Anything that it should not be told counts as heard."""

    def __init__(self, url: str, user: str) -> None:
        super().__init__()
        token, waits = f"{user}.secret", Waits(base=0.02, cap=0.2)
        self.client = ReconnectingClient(
            url, self.add, token=lambda: token, waits=waits, on_event=self._event
        )
        self.client.join(ROOM, after=0)

    def publish(self, text: str) -> None:
        self.client.publish(ROOM, {"text": text})

    def close(self) -> None:
        self.client.close()

    def _event(self, event: dict[str, Any]) -> None:
        if event["type"] in ("incomplete", "dropped", "doubled", "parked", "refused", "ended", "gap"):
            self.add({"body": {"text": str(event)}})


class Terminal(Listener):
    """``talk``, again and again. Each connection is one process: hello, join, and what was not confirmed."""

    def __init__(self, url: str, user: str) -> None:
        super().__init__()
        self._url, self._user = url, user
        self._typed: list[str] = []
        self._offset, self._ended = 0, False
        self._process: subprocess.Popen[str] | None = None  # once it is welcome
        self._lock = threading.Lock()  # what is typed, and where
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def publish(self, text: str) -> None:
        with self._lock:
            self._typed.append(text)
            if self._process is not None:
                self._type(self._process, len(self._typed))

    def close(self) -> None:
        self._ended = True
        with self._lock:
            if self._process is not None:
                self._process.terminate()
        self._thread.join(DEADLINE)

    def _live(self) -> None:
        command = [sys.executable, "-m", "wsdemo", "talk", self._url, "--subprotocol", PROTOCOL]
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
        while not self._ended:
            process = subprocess.Popen(command, text=True, stderr=subprocess.DEVNULL, **pipes)
            self._write(process, frame("hello", v=1, device="tty", token=f"{self._user}.secret"))
            assert process.stdout is not None
            for line in process.stdout:
                self._take(process, json.loads(line.removeprefix("< ")))
            with self._lock:
                self._process = None
            process.kill()
            process.communicate(timeout=DEADLINE)

    def _take(self, process: subprocess.Popen[str], message: dict[str, Any]) -> None:
        match message["type"]:
            case "welcome":
                with self._lock:
                    self._write(process, frame("join", id=1, channel=ROOM, after=self._offset))
                    for n in range(message["next"], len(self._typed) + 1):
                        self._type(process, n)
                    self._process = process
            case "message":
                self._offset = message["offset"]
                self.add(message)
            case "gap" | "error" | "bye":
                self.add({"body": {"text": str(message)}})

    def _type(self, process: subprocess.Popen[str], n: int) -> None:
        self._write(process, frame("publish", n=n, channel=ROOM, body={"text": self._typed[n - 1]}))

    def _write(self, process: subprocess.Popen[str], text: str) -> None:
        assert process.stdin is not None
        with contextlib.suppress(OSError):  # it has ended, and the next one is told
            process.stdin.write(f"{text}\n")
            process.stdin.flush()


@dataclass
class Room:
    """What was written, and what each of the four has heard."""

    kills: int = 0
    written: dict[str, int] = field(default_factory=dict)  # by writer: the number of the last text
    heard: dict[str, list[str]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.written.values())

    def figures(self, user: str) -> tuple[int, int, int]:
        """How many texts one of them has lost, heard too often, and heard after a later one of its writer."""
        heard = self.heard[user]
        wanted = {f"{writer} {n}" for writer, last in self.written.items() for n in range(1, last + 1)}
        disordered = 0
        for writer in self.written:
            numbers = [int(text.split()[1]) for text in heard if text.split()[0] == writer]
            disordered += sum(left >= right for left, right in itertools.pairwise(numbers))
        return len(wanted - set(heard)), len(heard) - len(wanted & set(heard)), disordered

    @property
    def one_order(self) -> bool:
        """Whether all have heard the same in the same order."""
        return len({tuple(heard) for heard in self.heard.values()}) == 1

    @property
    def good(self) -> bool:
        """Nothing lost, nothing doubled, nothing else told, and one order for all."""
        return self.one_order and all(self.figures(user) == (0, 0, 0) for user in self.heard)


#: Stands before the ports of two nodes; its own port.
Front = Callable[[tuple[int, int]], contextlib.AbstractContextManager[int]]


def kill_a_room(browser: Browser, file: Path, kills: int, seed: int = 1, front: Front | None = None) -> Room:
    """In each round everyone writes three texts, and amid them the server is killed."""
    chance, room = random.Random(seed), Room()
    with _four(browser, file, front) as (process, members):
        room.written = dict.fromkeys(members, 0)
        for _ in range(kills):
            writers = chance.sample([*members] * 3, 3 * len(members))
            moment = chance.randrange(1, len(writers))
            for at, user in enumerate(writers):
                if at == moment:
                    process.kill()
                    room.kills += 1
                room.written[user] += 1
                members[user].publish(f"{user} {room.written[user]}")
            process.start()
            for member in members.values():
                member.wait_for(room.total)
        room.heard = {user: list(member.heard) for user, member in members.items()}
    return room


@contextlib.contextmanager
def _four(browser: Browser, file: Path, front: Front | None) -> Iterator[tuple[ChatProcess, dict[str, Any]]]:
    with contextlib.ExitStack() as stack:
        process = ChatProcess(file)
        stack.callback(process.close)
        port = stack.enter_context(front((process.port, process.port))) if front else process.port
        address = f"127.0.0.1:{port}/"
        members: dict[str, Any] = {}
        for user in ("ann", "bob"):
            context = browser.new_context()
            context.set_default_timeout(DEADLINE * 1000)
            stack.callback(context.close)
            members[user] = Tab(context.new_page(), f"http://{address}", user)
        for user, kind in (("eve", Program), ("tom", Terminal)):
            members[user] = kind(f"ws://{address}chat", user)
            stack.callback(members[user].close)
        yield process, members
