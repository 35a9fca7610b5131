"""Drawings of fixed data, by name: one of each view, and of what it may be given.

Among the frames: a masked text, a fragment, lengths of 16 and of 64 bits, a close frame, refused frames.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Final

from wsdemo import Trace, views
from wsdemo.course.attack import Price
from wsdemo.protocol import Frame, Opcode, Side, State, Step
from wsdemo.record.record import Tap
from wsdemo.rivals.compression import Compressed, Grid, Settings
from wsdemo.rivals.costs import ByteCounts, Costs
from wsdemo.rivals.latency import Comparison, Conditions, Delivery, Progress, WayResult
from wsdemo.views.benches.asking import Answer
from wsdemo.views.benches.compressor import Compressor
from wsdemo.views.benches.keys import Lanes
from wsdemo.views.benches.sequence import CardRow
from wsdemo.views.benches.slide import Slide
from wsdemo.views.bytes.specimen import receiver_of
from wsdemo.views.charts import speed
from wsdemo.views.diagrams import fate, instead, leaks
from wsdemo.views.diagrams.facts import Facts
from wsdemo.views.diagrams.gantt import Fact
from wsdemo.views.diagrams.levels import Gauge
from wsdemo.views.diagrams.told import Told
from wsdemo.views.drawing.drawing import Drawing

KEY: Final = bytes.fromhex("37fa213d")
PAID: Final = Price(65_000, 67_000_000, 0.25, "1009")

#: By what is special about them.
FRAMES: Final = {
    "masked text": Frame(1, b"Hello, world", masking_key=KEY),
    "fragment": Frame(1, "né".encode(), fin=False),
    "16-bit length": Frame(2, bytes(range(200))),
    "64-bit length": Frame(2, b"ab" * 33_000, masking_key=KEY),
    "close": Frame(8, b"\x03\xe8bye", masking_key=KEY),
    "refused": Frame(3, b"?", rsv2=True, masking_key=KEY),
    "empty": Frame(9),
}

REQUEST: Final = (
    b"GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
RESPONSE: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nServer: " + b"x" * 300 + b"\r\n\r\n"
)
REFUSAL: Final = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nConnection: close\r\n\r\nno!\n"


def _compared(lines: int, echo: float, memory: float | None, *reactions: tuple[str, str]) -> dict:
    """The figures of one alternative, as `compare --json` has them."""
    checks = (("frame without a mask", "5.1"), ("ping is answered", "5.5.2"))
    return {
        "lines": lines,
        "opening": {"sent": 190, "received": 129},
        "message": {"sent": 11, "received": 7},
        "memory": memory,
        "echo": {"median": echo, "low": echo / 2, "high": echo * 2},
        "fan_out": {"median": 2e-3, "low": 2e-3, "high": 2e-3},
        "wire": [
            {"check": check, "section": section, "did": did, "verdict": verdict}
            for (check, section), (did, verdict) in zip(checks, reactions, strict=True)
        ],
    }


COMPARED: Final = {
    "alternatives": {
        "wsdemo": _compared(34, 1e-4, 2048.0, ("1002", "right"), ("pong", "right")),
        "other": _compared(68, 2e-4, None, ("heard", "wrong"), ("TCP ended", "ends without the reason")),
    }
}

FACTS: Final = [
    Fact(0.0, 0.0, "Ben", "says"),
    Fact(0.0, 0.31, "Ada", "stuck"),
    Fact(0.31, 0.33, "Ben", "served"),
    Fact(0.35, 0.35, "Cleo", "frozen"),
    Fact(0.4, 0.4, "Dan", "says"),
    Fact(0.42, 0.425, "Dan", "served"),
    Fact(0.5, 0.5, "Dan", "gone"),
    Fact(0.52, 0.6, "Ada", "served"),
]


def talk() -> tuple[Trace, Tap, Tap]:
    """A conversation of two connections, a thousandth of a second between two events."""
    ticks = iter(range(10_000))
    trace = Trace(clock=lambda: next(ticks) / 1000)
    first = trace.tap("client", ("127.0.0.1", 50_000), ("127.0.0.1", 1234))
    first.sent(REQUEST)
    first.received(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")  # fmt: skip
    first.sent(Frame(1, b"Hel", fin=False, masking_key=KEY).serialize())
    first.sent(Frame(0, b"lo", masking_key=KEY).serialize())
    first.received(Frame(1, b"Hello").serialize())
    first.received(Frame(9, b"1234").serialize())
    first.sent(Frame(10, b"1234", masking_key=KEY).serialize())
    return trace, first, trace.tap("client", ("127.0.0.1", 50_001), ("127.0.0.1", 1234))


def ended() -> Trace:
    """The conversation to its end: close frames, and TCP's."""
    trace, first, _ = talk()
    first.sent(Frame(8, b"\x03\xe8", masking_key=KEY).serialize())
    first.received(Frame(8, b"\x03\xe8").serialize())
    first.mark("eof")
    first.mark("closed")
    return trace


def refused() -> Trace:
    """Two connections: a frame that the client refuses, a reset, a frame cut off."""
    trace, first, second = talk()
    first.received(Frame(3, b"?").serialize())
    first.received(Frame(1, b"too late").serialize())
    first.mark("reset")
    second.sent(REQUEST)
    second.received(REFUSAL)
    second.mark("eof")
    return trace


def long_words() -> Trace:
    """A text that is longer than an arrow, and a frame of which a part has come."""
    trace, first, _ = talk()
    first.received(Frame(1, b"a long text, " * 10).serialize())
    first.received(Frame(1, b"Hello").serialize()[:4])
    return trace


DELAYS: Final = {
    "short polling": [0.01 * n for n in range(1, 21)],
    "SSE": [0.0006 * n for n in range(1, 21)],
    "WebSocket": [0.0005 * n for n in range(1, 21)],
}
CONDITIONS: Final = Conditions(11, 20.0, 0.1, 1, 1, 1, 0.0, None, 0, 1, "a machine")


def comparison() -> Comparison:
    """As if it had been measured: the first delivery of each way warmed up."""
    outcomes = [
        WayResult(
            way,
            "a server",
            tuple(Delivery(way, 1, 0, n, 1.0, 1.0 + delay, n == 0) for n, delay in enumerate([9.0, *delays])),
            11,
            Costs(ByteCounts(number, 6, 100), ByteCounts(20, 4, 60 + 100 * number), 3, 1, 520),
            Trace(),
        )
        for number, (way, delays) in enumerate(DELAYS.items())
    ]
    return Comparison(CONDITIONS, tuple(outcomes), True)


GRID: Final = Grid(
    tuple(
        Compressed(name, Settings(takeover=takeover), 10, 1000, size + 100 * n, 0.0, 0.0, 1024 << 2 * n)
        for name, size in (("ticks", 200), ("random", 650))
        for takeover in (True, False)
        for n in range(3)
    ),
    "here",
)

#: Milliseconds at which a message meets its fate: on its way, written, synced, confirmed, read.
MOMENTS: Final = (8, 8, 6, 3, 1, 5.5, 4, 5.5, 2, 9, 6, 7)

SAMPLES: Final[dict[str, Callable[[], Drawing]]] = {
    **{f"ruler, {name}": (lambda frame=frame: views.ruler(frame, most=25)) for name, frame in FRAMES.items()},
    **{
        f"hexdump, {name}": (lambda frame=frame: views.hexdump(frame, most=40))
        for name, frame in FRAMES.items()
    },
    "hexdump, a request": lambda: views.hexdump(talk()[0].requests[0]),
    "hexdump, only bytes": lambda: views.hexdump(bytes(range(40)), frame=False),
    **{
        f"xor, {name}": (lambda frame=frame: views.xor(frame, most=26))
        for name, frame in FRAMES.items()
        if len(frame.payload) < 1000  # its text has a line for each byte
    },
    "stack, messages": lambda: views.stack(
        [
            Frame(1, b"Hel", fin=False, masking_key=KEY),
            Frame(9, b"?", masking_key=KEY),
            Frame(0, b"lo", masking_key=KEY),
            Frame(2, b"x" * 100, masking_key=KEY),
            Frame(8, b"\x03\xe8", masking_key=KEY),
        ]
    ),
    "stack, refused": lambda: views.stack(
        [
            Frame(2, b"x", fin=False, masking_key=KEY),
            Frame(1, b"y", masking_key=KEY),
            Frame(1, b"z", masking_key=KEY),
        ]
    ),
    "stack, several rows": lambda: views.stack(
        [
            *(Frame(0 if n else 2, b"x" * 40, fin=n == 7, masking_key=KEY) for n in range(8)),
            Frame(9, masking_key=KEY),
        ]
    ),
    "stack, only pings": lambda: views.stack([Frame(9, masking_key=KEY), Frame(10, masking_key=KEY)]),
    "stack, cut off": lambda: views.stack(Frame(1, b"Hello", masking_key=KEY).serialize()[:9]),
    "handshake": lambda: views.handshake(REQUEST, RESPONSE),
    "handshake, a long body": lambda: views.handshake(REQUEST[:60], REFUSAL.replace(b"no!", b"no" * 200)),
    "handshake, refused": lambda: views.handshake(REQUEST, REFUSAL),
    "stream": lambda: views.stream([b"5         hello11        h", b"ello, ", b"world0         3         a"]),
    "stream, not framed": lambda: views.stream([b"hello", b" \x00goodbye" * 10], framed=False, most=70),
    "stream, refused": lambda: views.stream([b"1         a+1        b"]),
    "ladder": lambda: views.ladder(ended()),
    "ladder, refused": lambda: views.ladder(refused()),
    "ladder, the newest": lambda: views.ladder(ended(), most=3),
    "ladder, one connection": lambda: views.ladder(refused(), connection=2),
    "ladder, long words": lambda: views.ladder(long_words()),
    "ladder, nothing": lambda: views.ladder(Trace()),
    "states": lambda: views.states(),
    "states, one": lambda: views.states(State.OPEN),
    "states, a path": lambda: views.states([Step.ACCEPTED, Step.CLOSE_SENT, Step.CLOSE_RECEIVED, Step.EOF]),
    "states, refused": lambda: views.states(["refused"]),
    "states, a trace": lambda: views.states(ended()),
    "states, its other end": lambda: views.states(ended(), end="server"),
    "sockets": lambda: views.sockets(("127.0.0.1", 51234), ("127.0.0.1", 1234)),
    "gantt": lambda: views.gantt(FACTS),
    "gantt, short": lambda: views.gantt([Fact(3, 3.0004, "Anastasia", "served")], "A moment"),
    "gantt, nothing": lambda: views.gantt([]),
    "levels": lambda: views.levels(water(), bound=600),
    "levels, nothing": lambda: views.levels(views.Gauge(), "A room without members"),
    **{
        f"fate, {event}, {strategy}": (
            lambda event=event, at=at, strategy=strategy: views.lanes(event, at, strategy)
        )
        for (event, strategy), at in zip(
            itertools.product(fate.EVENTS, fate.STRATEGIES), MOMENTS, strict=True
        )
    },
    "hops": lambda: views.hops(
        [
            ("Ana", 0.0, "node A", 0.0004),
            ("node A", 0.00042, "broker", 0.0007),
            ("broker", 0.00072, "node B", 0.0011),
            ("broker", 0.00075, "node C", 0.0013),
            ("node B", 0.00112, "Ben", 0.0015),
            ("node C", 0.00132, "<Cleo>", 0.0018),
        ],
        "One message over three nodes",
    ),
    "cluster": lambda: views.cluster(3),
    "cluster, a node": lambda: views.cluster(4, "node 2"),
    "cluster, the broker": lambda: views.cluster(3, "the broker"),
    "costs": lambda: views.costs({"bomb": {"no limit": PAID, "limit": PAID._replace(memory=90_000)}}),
    "costs, nothing": lambda: views.costs({}),
    "storm": lambda: views.storm({"together": [0.55] * 40, "spread": [n / 10 + 0.05 for n in range(40)]}),
    "told": lambda: views.told(
        [
            Told(0, "open", "← 101", 2.4),
            Told(None, "", "← ping", 1234),
            Told(9, "send", "", None),
        ]
    ),
    "storm, nothing": lambda: views.storm({"nobody": []}),
    "choice": lambda: views.choice(),
    "choice, yours": lambda: views.choice((1, 1, 2, 0, 0, 2), uses={}),
    **{
        f"instead, {name.replace('/', ' ')}": (lambda name=name: views.instead(name)) for name in instead.WAYS
    },
    "comparison": lambda: views.comparison(COMPARED),
    "verdicts": lambda: views.verdicts(COMPARED),
    "trace": lambda: Facts([("connections", "1"), ("to <server>", "18 bytes")], views.states(State.OPEN)),
    "taps": lambda: views.taps(
        "PIN 4711",
        {
            "ws://": {"the network": b"PIN 4711", "the server": b"PIN 4711"},
            "sealed": {"the network": b"\x17\x03\x03" + bytes(9), "the server": b""},
        },
    ),
    "leaks": views.leaks,
    **{f"leaks, {way}": (lambda way=way: views.leaks(way)) for way in leaks.WAYS},
    **{f"leaks, {way}, no TLS": (lambda way=way: views.leaks(way, tls=False)) for way in leaks.WAYS},
    "results": lambda: views.table(comparison()),
    "word": lambda: views.Word("aé日👋 \n"),
    "column": lambda: views.column("the <client>", "a  1\nb  <2>", views.states(State.OPEN)),
    "beside": lambda: views.beside("left", views.states(State.CLOSED)),
    "answer, opened": lambda: Answer(REQUEST.decode().split("\r\n")[:3], RESPONSE.decode()),
    "answer, refused": lambda: Answer(["GET / HTTP/1.1"], REFUSAL.decode()),
    "row": lambda: CardRow(
        [
            ("ping", Frame(Opcode.PING, masking_key=KEY)),
            ("text", Frame(1, b"a", fin=False, masking_key=KEY)),
            ("<text>", Frame(1, b"a", masking_key=KEY)),
            ("late", Frame(0, b"a", masking_key=KEY)),
        ],
        ["close 1002 <b>"],
    ),
    "laboratory": lambda: points(),
    "compressor": lambda: bars(),
    "lanes": lambda: Lanes(b"x" * 30, KEY, ["the proxy keeps: <nothing>"]),
}


def _spread(low: float, median: float, high: float) -> dict[str, float]:
    return {"low": low, "median": median, "high": high}


BENCH: Final = {
    "rounds": 3,
    "rows": [
        {
            "title": "echo",
            "unit": "µs",
            "spreads": {"tcp": _spread(20.0, 21.5, 22.0), "wsdemo": _spread(24.0, 24.75, 26.0)},
        },
        {"title": "memory", "unit": "KiB", "spreads": {"wsdemo": _spread(1.3, 1.4, 1.5)}},
        {"title": "not measured", "unit": "µs", "spreads": {}},
    ],
}


def water() -> Gauge:
    """The levels of two members: one reads at once, the other is closed in the end."""
    gauge = Gauge(clock=(number / 10 for number in itertools.count()).__next__)
    for size in (0, 300, 700, 1234):
        gauge.sample("Ana", 0)
        gauge.sample("Dora", size)
    gauge.note("Dora", "closed")
    return gauge


def points() -> Drawing:
    """The laboratory's picture of a few deliveries, some of them beyond its axis."""
    lab = views.laboratory(("SSE", "WebSocket"))
    for number, way in enumerate(("SSE", "WebSocket")):
        late = (1e-9, 0.0001, 0.001 * (number + 1), 0.1, 99.0)
        news = tuple(Delivery(way, 1, 0, n, 0.0, delay, False) for n, delay in enumerate(late))
        lab._arrived(Progress(way, 5, 10, 5, news))
    lab.close()
    return lab.picture


def bars() -> Drawing:
    """The compressor's picture of two settings."""
    press = _press()
    press.close()
    return press.picture


def _press() -> Compressor:
    """The compressor, as if it had measured this."""
    press = views.compressor()
    press.before = Compressed("ticks", Settings(1, 9, 1, False), 10, 1000, 900, 1e-6, 5e-7, 300)
    press.found = Compressed("ticks", Settings(9, 15, 9, True), 10, 1000, 250, 9e-6, 1e-6, 270_000)
    press.update()
    press.still = press.picture
    return press


def flipped(frame: Frame, *bits: int) -> Slide:
    """A frame under the microscope, some of its bits turned over."""
    slide = Slide(frame.serialize(), receiver_of(frame.serialize()))
    for bit in bits:
        slide.flip(bit)
    return slide


#: Frames under the microscope.
SLIDES: Final[dict[str, Callable[[], Slide]]] = {
    **{f"slide, {name}": (lambda frame=frame: flipped(frame)) for name, frame in FRAMES.items()},
    "slide, no mask": lambda: flipped(FRAMES["masked text"], 8),
    "slide, shorter": lambda: flipped(FRAMES["masked text"], 12),
    "slide, longer": lambda: flipped(FRAMES["masked text"], 10),
    "slide, cut off": lambda: Slide(FRAMES["masked text"].serialize()[:1], Side.SERVER),
    "slide, continued": lambda: Slide(b"\x80\x02\xa9!", Side.CLIENT, b"\x01\x01\xc3"),
}

#: Widgets, by name.
BENCHES: Final[dict[str, Callable[[], views.Live]]] = {
    "bench, a word": lambda: views.type_a_word("é!"),
    "bench, slider": lambda: views.slider(
        lambda size: views.stream([b"5         hello"[:size]]), range(1, 16, 2), start=9, label="recv size"
    ),
    "bench, scene": lambda: views.scene(lambda script: _diary(), [("add", "Ana"), ("add", "Ben"), ("talk",)]),
    "bench, asking": lambda: views.asking(lambda lines: REFUSAL.decode(), ["GET / HTTP/1.1", "Host: a"]),
    "bench, keys": lambda: views.choose_a_key({"a": b"Hello", "b": b""}, lambda payload, key: ["read"], KEY),
    "bench, sequence": lambda: views.sequence({"ping": Frame(9)}, lambda row: ["pong"], ["ping"]),
    "bench, buttons": lambda: views.buttons({"push": int, "pull": int}, lambda: views.Word("a"), lambda: 0),
    "bench, laboratory": lambda: views.laboratory(),
    "bench, ladder": lambda: views.ladder(ended(), live=True),
    "bench, nodes": lambda: views.adding(3, "node 2"),
    "bench, limits": lambda: views.bounding(
        _told, ["bomb"], {"0.5": 0.5, "none": None}, start=("bomb", "none")
    ),
    "bench, questions": lambda: views.choosing(),
    "bench, compressor": lambda: _press(),
    "bench, kill": lambda: views.dragging("power cut", 2.5),
    "bench, token": lambda: views.leaking("cookie", tls=False),
    "bench, paces": lambda: views.throttling(_told, ["close", "drop"], start=("drop", 50_000)),
}


def _told(word: str, value: float | None) -> Drawing:
    return views.column(f"{word} at {value}")


def _diary() -> views.Diary:
    diary = views.Diary()
    diary.facts = list(FACTS)
    return diary


#: Charts, by name.
CHARTS: Final[dict[str, Callable[[], views.Picture]]] = {
    "ecdf": lambda: views.charts.ecdf(comparison()),
    "ecdf of delays": lambda: views.charts.ecdf(DELAYS, "A title"),
    "strip": lambda: views.charts.strip(DELAYS),
    "wire": lambda: views.charts.wire(comparison()),
    "memory": lambda: views.charts.memory(GRID),
    "speed": lambda: speed.picture(BENCH),
}
