"""The exercises of lesson 16: choose well."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from wsdemo.course.exercises import Wrong, exercise, kind, same, show
from wsdemo.protocol.codes import Opcode, Side
from wsdemo.protocol.events import Failed, Message
from wsdemo.protocol.frames import Frame
from wsdemo.protocol.protocol import Protocol

WORDS: Final = ("hello", "", "naïve", 'say "tea"', "日本", "👋", "a\\b", "two\nlines")
POLICIES: Final = ("volatile", "published", "published with a key")
TRANSPORTS: Final = ("HTTP", "SSE", "WebSocket")


@exercise()
def envelope_bytes(answer: Callable[[str], int], rng: random.Random) -> None:
    """Everything that is more on the wire: the packet, what JSON escapes, and a longer frame header."""
    long = ["x" * size for size in (99, 103, 104, 125, 126, 65_513, 65_514, 65_535)]
    texts = [*WORDS, rng.choice(WORDS) * rng.randint(2, 9), *long]
    for text in texts:
        shown = f"{text[0]!r} * {len(text)}" if text in long else repr(text)
        got = answer(text)
        if isinstance(got, bool) or not isinstance(got, int):
            raise Wrong(f"envelope_bytes({shown}) should be a number of bytes; got {kind(got)}")
        plain, packet = len(_frame(text)), len(_frame(_packet(text)))
        same(got, packet - plain, f"envelope_bytes({shown}): {packet} bytes instead of {plain}, so it")


def _packet(text: str) -> str:
    return "42" + json.dumps(["message", text], separators=(",", ":"))


def _frame(text: str) -> bytes:
    return Frame(Opcode.TEXT, text.encode()).serialize()


class Stranger:
    """A server that is asked by bytes behind the handshake: it is strict, or takes frames without a mask.

    ``ends``: its word for the end of a connection that broke the protocol.
    """

    def __init__(self, lenient: bool, ends: str) -> None:
        self.lenient, self.ends = lenient, ends
        self.asked: list[bytes] = []

    def ask(self, data: bytes) -> str:
        """The server's reaction: "heard", a close code such as "1002", "TCP ended", or "silence"."""
        if not isinstance(data, bytes | bytearray):
            raise Wrong(f"ask wants the bytes of a frame; got {kind(data)}")
        data = bytes(data)
        self.asked.append(data)
        server = Protocol(Side.SERVER, opened=True)
        if self.lenient and len(data) > 1 and not data[1] & 0x80:
            server = Protocol(Side.CLIENT, opened=True)  # takes what a server sends: frames without a mask
        for event in server.receive(data):
            if isinstance(event, Failed):
                return self.ends
            if isinstance(event, Message):
                return "heard"
        return "silence"


@exercise()
def takes_unmasked(answer: Callable[[Callable[[bytes], str]], object], rng: random.Random) -> None:
    """One frame, right but for its mask; only a server that hears it takes it."""
    cases = [(False, "1002"), (True, "1002"), (False, "TCP ended"), (True, "TCP ended"), (False, "1000")]
    cases.append((False, "silence"))  # it neither takes the message nor says so
    rng.shuffle(cases)
    for lenient, ends in cases:
        server = Stranger(lenient, ends)
        got = answer(server.ask)
        which = "takes frames without a mask" if lenient else f"refuses them ({ends})"
        if not server.asked:
            raise Wrong("takes_unmasked never asked: send the server a frame by ask(…)")
        asked = show(server.asked[-1])
        if not isinstance(got, bool):
            raise Wrong(f"takes_unmasked should give True or False; got {kind(got)}")
        same(got, lenient, f"a server that {which}, asked with {asked}: takes_unmasked")


class Worth(NamedTuple):
    """The facts about one kind of message, and the policy that follows."""

    lost: bool  # a lost one is missed
    replaced: bool  # a newer one says it all
    twice: bool  # to do it twice does harm

    @property
    def policy(self) -> str:
        """The policy: of what is lost without harm nothing is kept; harm by doing it twice wants a key."""
        if not self.lost or (self.replaced and not self.twice):
            return "volatile"
        return "published with a key" if self.twice else "published"


#: Kinds of messages whose facts are beyond doubt.
KINDS: Final = {
    "a sentence of a chat": Worth(True, False, False),
    "a sign of typing": Worth(False, True, False),
    "a stock price": Worth(True, True, False),
    "the state of a game, each tick": Worth(True, True, False),
    "an edit of a shared document": Worth(True, False, False),
    "a measurement of a sensor": Worth(True, False, False),
    "a payment": Worth(True, False, True),
    "open the gate": Worth(True, False, True),
}


@exercise()
def delivery(answer: Callable[[bool, bool, bool], str], rng: random.Random) -> None:
    """Three questions, in the order in which they matter."""
    named = list(KINDS.items())
    rng.shuffle(named)
    rest = [
        ("a message", Worth(lost, replaced, twice))
        for lost in (False, True)
        for replaced in (False, True)
        for twice in (False, True)
    ]
    rng.shuffle(rest)
    for name, facts in [*named, *rest]:
        what = f"{name}: delivery(lost={facts.lost}, replaced={facts.replaced}, twice={facts.twice})"
        got = answer(*facts)
        if got not in POLICIES:
            raise Wrong(f"{what} should be one of {', '.join(POLICIES)}; got {show(got)}")
        same(got, facts.policy, what)


#: The messages of the first applications: of the server, of both (the second is the client's), of clients.
FIRST: Final = (
    ("a sentence of a chat", "a payment"),
    ("a payment", "the state of a game, each tick"),
    ("a measurement of a sensor", "a stock price"),
)


@exercise()
def design(answer: Callable[[dict[str, Any]], object], rng: random.Random) -> None:
    """A design that meets its needs: transport, delivery of each message, ping, outbox, broker."""
    for number in range(12):
        needs = _needs(rng, number)
        got = answer(json.loads(json.dumps(needs)))
        if not isinstance(got, Mapping):
            raise Wrong(f"design should give a dict; got {kind(got)}")
        missing = [key for key in ("transport", "delivery", "ping", "outbox", "broker") if key not in got]
        if missing:
            raise Wrong(f"the design has no {missing[0]!r}; it has {', '.join(map(repr, got)) or 'nothing'}")
        _grade(needs, got)


def _needs(rng: random.Random, number: int) -> dict[str, Any]:
    """The needs of an application; the first ones are of a kind each, the rest mixed."""
    talkers = ("server", "both", "client")[number % 3]
    messages = {}
    names = FIRST[number] if number < len(FIRST) else rng.sample(sorted(KINDS), rng.randint(2, 4))
    worths = {name: KINDS[name] for name in names}
    if number >= len(FIRST):  # one that no name gives away, with each of the eight worths in turn
        worths[f"message {rng.randint(10, 99)}"] = Worth(bool(number & 1), bool(number & 2), bool(number & 4))
    for name, facts in worths.items():
        sender = talkers if talkers != "both" else rng.choice(("server", "client"))
        messages[name] = {"from": sender, **facts._asdict()}
    if talkers == "both":  # really both
        *_, first, second = messages
        messages[first]["from"], messages[second]["from"] = "server", "client"
    return {
        "messages": messages,
        "proxy_timeout": (15, 30, 60, 100)[number % 4],  # with each of the three kinds
        "processes": (1, 2, rng.randint(3, 9), 1)[number // len(FIRST)],
    }


def _grade(needs: dict[str, Any], got: Mapping[str, Any]) -> None:
    messages: dict[str, Any] = needs["messages"]
    senders = {message["from"] for message in messages.values()}
    transport = {"server": "SSE", "client": "HTTP"}[senders.pop()] if len(senders) == 1 else "WebSocket"
    who = {"SSE": "only the server", "HTTP": "only the client", "WebSocket": "either side"}[transport]
    same(got["transport"], transport, f"where {who} sends, the transport")
    wanted = {name: Worth(m["lost"], m["replaced"], m["twice"]).policy for name, m in messages.items()}
    chosen = got["delivery"]
    if not isinstance(chosen, Mapping) or chosen.keys() != wanted.keys():
        raise Wrong(f"delivery should name each of {', '.join(wanted)}; got {show(chosen)}")
    for name, policy in wanted.items():
        same(chosen[name], policy, f"the delivery of {name!r}")
    _grade_ping(got["ping"], needs["proxy_timeout"])
    kept = [n for n, m in messages.items() if m["from"] == "client" and wanted[n] != "volatile"]
    what = f"clients send {kept[0]!r}" if kept else "no client sends what must not be lost"
    same(got["outbox"], bool(kept), f"{what}, so whether clients need an outbox: it")
    many = needs["processes"] > 1
    same(got["broker"], many, f"with {needs['processes']} server processes, whether a broker is needed: it")


def _grade_ping(ping: object, timeout: int) -> None:
    if isinstance(ping, bool) or not isinstance(ping, int | float):
        raise Wrong(f"ping should be a number of seconds; got {kind(ping)}")
    if not 5 <= ping < timeout:
        raise Wrong(
            f"a proxy that cuts off after {timeout} s of silence wants a ping before that, and no flood: "
            f"expected from 5 s to below {timeout} s, got {ping}"
        )
