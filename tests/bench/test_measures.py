"""What is measured: the texts, and where a fan-out ends."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from wsdemo.bench import measures, raw
from wsdemo.bench.measures import LINE, TEXT, TEXTS
from wsdemo.bench.served import Contestant, Served


def test_the_messages_have_the_sizes_that_the_rows_say() -> None:
    assert (len(TEXT), len(LINE)) == (32, 64)


def test_the_compressed_texts_are_100_different_ones_of_500_bytes() -> None:
    assert len(set(TEXTS)) == 100 and {len(text.encode()) for text in TEXTS} == {500}
    assert [json.loads(text)["sequence"] for text in TEXTS] == list(range(100))
    first = {json.loads(text)["quotes"][0]["symbol"] for text in TEXTS}
    assert len(first) > 90, "they differ in more than their numbers"


class Quiet(Served):
    """One without a process: told to broadcast it does nothing, and says that it began when it was told."""

    def __init__(self) -> None:
        self.contestant = Contestant("tcp", "tcp", crowd=True)
        self.steps: list[str] = []

    def _tell(self, **command: Any) -> None:
        self.steps.append("tell")
        self.began = time.perf_counter()

    def _answer(self) -> dict[str, Any]:
        self.steps.append("answer")
        return {"began": self.began}


def test_a_broadcast_lasts_until_it_is_heard() -> None:
    served = Quiet()
    heard: list[float] = []

    def hear() -> None:
        served.steps.append("hear")
        while time.perf_counter() <= served.began:  # a clock of coarse steps
            pass
        heard.append(time.perf_counter())

    seconds = served.broadcast("news", hear)
    assert served.steps == ["tell", "hear", "answer"]
    assert seconds >= heard[0] - served.began > 0


def test_a_fan_out_reads_the_message_from_every_client() -> None:
    """The server's part is played here: what a measure leaves unread would be found by the next."""

    class Here(Quiet):
        def broadcast(self, message: str, hear: Callable[[], object]) -> float:
            for end in self.ends:
                end.sendall(raw.message(message, "tcp"))
            hear()
            return 0.125

    import socket

    served = Here()
    pairs = [socket.socketpair() for _ in range(3)]
    served.ends = [ours for ours, _ in pairs]  # type: ignore[attr-defined]
    served.crowd = [theirs for _, theirs in pairs]
    try:
        assert measures.fan_out(LINE, 3, served, quick=False) == 125.0
        for _, theirs in pairs:
            theirs.setblocking(False)
            try:
                left = theirs.recv(100)
            except BlockingIOError:
                left = b""
            assert left == b""
    finally:
        for pair in pairs:
            for sock in pair:
                sock.close()
