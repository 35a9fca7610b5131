"""The kill loop: a publisher, a reader and a server that is killed at random instants, over and over."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.waiting import DEADLINE
from wsdemo.alternatives.serving import reserved_port
from wsdemo.patterns.backoff import Waits
from wsdemo.patterns.reconnect import ReconnectingClient


class Process:
    """A room server on ``path``, started again on the same port after each kill."""

    path_in_url = ""

    def __init__(self, path: Path, slow: float = 0.0) -> None:
        self.path, self.slow = path, slow
        self.port, self._held = reserved_port()
        self.start()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/{self.path_in_url}"

    @property
    def command(self) -> list[str]:
        options = [str(self.path), str(self.port), str(self.slow)]
        return [sys.executable, "-m", "tests.patterns.roomserver", *options]

    def read_port(self, line: str) -> int:
        """The port in the first line that it prints."""
        return int(line)

    def token(self, user: str) -> str:
        return user

    def start(self) -> None:
        folder = Path(__file__).parents[2]
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.child = subprocess.Popen(self.command, cwd=folder, **streams)
        assert self.read_port(self.child.stdout.readline()) == self.port

    def say_goodbye(self) -> None:
        """All clients are told when to come back."""
        self.child.stdin.write("\n")
        self.child.stdin.flush()

    def kill(self) -> None:
        self.child.kill()
        self.end()

    def close(self) -> None:
        self.child.stdin.close()
        self.end()
        self._held.close()

    def end(self) -> None:
        self.child.wait(DEADLINE)
        self.child.stdin.close()
        self.child.stdout.close()


@dataclass
class Found:
    """What the reader read of the numbers 1, 2, 3 … that were published."""

    read: list[int] = field(default_factory=list)
    published: int = 0
    kills: int = 0
    told: list[str] = field(default_factory=list)  # anything that a client should not have been told

    @property
    def lost(self) -> int:
        return len(set(range(1, self.published + 1)) - set(self.read))

    @property
    def doubled(self) -> int:
        return len(self.read) - len(set(self.read))

    @property
    def disordered(self) -> int:
        return sum(left >= right for left, right in zip(self.read, self.read[1:], strict=False))


def kill_loop(
    path: Path, kills: int, messages: int, seed: int = 1, server: Callable[[Path], Process] = Process
) -> Found:
    """Publish ``messages`` between two kills, and a random number of further ones while the server dies."""
    chance, found, arrived = random.Random(seed), Found(), threading.Condition()

    def read(message):
        with arrived:
            found.read.append(message["body"])
            arrived.notify()

    def event(event):
        if event["type"] in ("incomplete", "dropped", "doubled", "parked", "refused", "ended", "gap"):
            found.told.append(str(event))

    process = server(path)

    def client(user, on_message):
        waits, token = Waits(base=0.02, cap=0.2), process.token(user)
        return ReconnectingClient(process.url, on_message, token=lambda: token, waits=waits, on_event=event)

    with client("bob", read) as reader, client("ann", print) as writer:
        reader.join("#lobby", after=0)
        for _ in range(kills):
            for _ in range(chance.randint(messages // 2, 3 * messages // 2)):
                found.published += 1
                writer.publish("#lobby", found.published, timeout=DEADLINE)
            with arrived:  # the kill comes while messages of this round are on their way
                some = found.published - chance.randrange(1, max(2, messages // 2))
                assert arrived.wait_for(lambda some=some: found.read and found.read[-1] >= some, DEADLINE)
            process.kill()
            found.kills += 1
            process.start()
        writer.flush(DEADLINE)
        with arrived:
            last = found.published
            assert arrived.wait_for(lambda: found.read and found.read[-1] >= last, DEADLINE)
    process.close()
    return found
