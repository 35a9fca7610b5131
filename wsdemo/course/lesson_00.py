"""The exercises of lesson 00: how an exercise works, that a word is bytes, and what a cell costs."""

from __future__ import annotations

import random
from collections.abc import Callable

from wsdemo.course.doctor import Finding, Report, doctor, examine
from wsdemo.course.exercises import Wrong, exercise, same, show
from wsdemo.course.jupyter import SUBPROTOCOL, KernelMessage, pack, read

LETTERS = ("abc", "xyz", "éàü", "ñß", "日本", "Ω", "👋", "🎉", " ")

WELL = Finding("clock", "ticks finely enough", "1 ns")
NOTE = Finding("tshark", "good to have", "not there", remedy="install it, if you like", required=False)
ILL = Finding("packages", "all are there", "one is missing", remedy="make lab, then restart the kernel")


@exercise(deadline=20.0)
def is_green(answer: Callable[[Report], bool], rng: random.Random) -> None:
    """True for a report without problems; and the report of this very machine is one."""
    cases = [
        ((ILL,), "one check, which found a problem"),
        ((WELL, ILL), "two checks, of which one found a problem"),
        ((WELL,), "one check, in which all is well"),
        ((WELL, NOTE), "one check, in which all is well, and a note about what is merely good to have"),
    ]
    start = rng.randrange(len(cases))  # so that no order of questions can be learnt by heart
    order = cases[:1] + cases[start:] + cases[:start]
    for findings, what in order:
        report = examine(findings)
        same(answer(report), report.ok, f"for a report of {what}, the result")
    mine = doctor()
    same(answer(mine), mine.ok, "for the report of this machine, the result")
    if not mine.ok:
        problem = mine.problems[0]
        raise Wrong(
            f"your function is right, but the doctor is not content: {problem.name}: {problem.remedy}"
        )


@exercise()
def word_to_bytes(answer: Callable[[str], bytes], rng: random.Random) -> None:
    """A word's UTF-8 bytes (RFC 3629), whatever letters it has."""
    for size in (1, 3, 5):
        letters = [rng.choice(rng.choice(LETTERS)) for _ in range(size)] + ["é", rng.choice("日👋")]
        rng.shuffle(letters)
        word = "".join(letters) + " "
        same(answer(word), word.encode(), f"the bytes of {word!r}")
    for word in (
        rng.choice("éàüñ") + "tea",
        "tea",
        "",
    ):  # letters that older encodings have, too; plain ones; none
        same(answer(word), word.encode(), f"the bytes of {word!r}")


HEADER = "sec-websocket-protocol"


@exercise()
def chosen_subprotocol(answer: Callable[[bytes], str | None], rng: random.Random) -> None:
    """The subprotocol that a server chose, out of the bytes of its answer; None if it chose none."""
    other = "".join(rng.choices("abcdefghijkXYZ", k=rng.randint(3, 8)))
    for wanted in (SUBPROTOCOL, f"{other}.example.org", f"v{rng.randint(2, 99)}.{other.title()}", None):
        for name in ("Sec-WebSocket-Protocol", "Sec-Websocket-Protocol", HEADER, HEADER.upper()):
            head = _switching(rng, None if wanted is None else f"{name}: {wanted}")
            got: object = answer(head)
            line = f"the line {name + ': ' + wanted!r}" if wanted else "no such line"
            what = f"chosen_subprotocol(answer), where the answer has {line},"
            if wanted and got == wanted.encode():
                raise Wrong(f"{what} should be {wanted!r}, as text (str), not as bytes")
            if wanted and got is None:
                raise Wrong(
                    f"{what} should be {wanted!r}; got None: a field's name may be written "
                    "in small or capital letters (RFC 9110 §5.1)"
                )
            same(got, wanted, what)


def _switching(rng: random.Random, line: str | None) -> bytes:
    """A server's answer to the opening handshake, its fields in any order."""
    fields = [
        "Server: TornadoServer/6.5",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "X-Protocol: chat",  # not the one that counts
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    ]
    fields += [line] if line else []
    rng.shuffle(fields)
    return "\r\n".join(["HTTP/1.1 101 Switching Protocols", *fields, "", ""]).encode()


@exercise()
def frames_of_a_cell(answer: Callable[[list[KernelMessage], str], int], rng: random.Random) -> None:
    """The number of messages that belong to one run of a cell: its request, and all answers to it."""
    for _ in range(4):
        mine = f"{rng.randrange(16**6):06x}"
        lines = rng.randint(0, 6)
        own = _run(mine, lines)
        others = _run(mine + "0", rng.randint(0, 6)) + _run(mine[1:], rng.randint(1, 3))
        wire = [read(message) for message in _interleaved(rng, own, others)]
        what = (
            f"for {len(wire)} messages, of which a request with the id {mine!r} has {len(own) - 1} answers, "
            "the result"
        )
        got = answer(wire, mine)
        if isinstance(got, list | tuple):
            raise Wrong(f"{what} should be how many, as a number: {len(own)}; got {show(got)[:40]}…")
        if got == len(own) - 1:
            raise Wrong(f"{what} should be {len(own)}; got {got}: the request itself is a frame too")
        if isinstance(got, int) and got > len(own):
            raise Wrong(f"{what} should be {len(own)}; got {got}: those of others do not count")
        same(got, len(own), what)


def _run(id: str, lines: int) -> list[bytes]:
    """The messages between a page and a kernel for a cell that prints ``lines`` times."""

    def says(channel: str, kind: str, **content: str) -> bytes:
        own = {"msg_id": f"answer to {id}", "msg_type": kind}
        return pack(channel, own, {"msg_id": id}, content)

    request = pack("shell", {"msg_id": id, "msg_type": "execute_request"}, {}, {"code": "…"})
    busy, idle = (says("iopub", "status", execution_state=state) for state in ("busy", "idle"))
    printed = [says("iopub", "stream", text=f"{line}\n") for line in range(lines)]
    return [request, busy, *printed, says("shell", "execute_reply", status="ok"), idle]


def _interleaved(rng: random.Random, *queues: list[bytes]) -> list[bytes]:
    """All of them, each in its own order."""
    turns = [index for index, queue in enumerate(queues) for _ in queue]
    rng.shuffle(turns)
    waiting = [iter(queue) for queue in queues]
    return [next(waiting[turn]) for turn in turns]
