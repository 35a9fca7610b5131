"""The exercises of lesson 12: the browser client."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from typing import Any, Final

from wsdemo.course.exercises import Wrong, as_bytes, exercise, kind, same, show
from wsdemo.protocol.codes import Opcode
from wsdemo.protocol.frames import Frame

#: What a page is told: the event's name; its data, its code, or None.
Event = tuple[str, Any]

TEXTS: Final = ("tea", "naïve", "", "日本", "see you")


@exercise()
def page_events(answer: Callable[[int, list[Frame]], list[Event]], rng: random.Random) -> None:
    """The events of a page, in order, from the status of the answer and the frames of the server."""
    for status, frames in event_cases(rng):
        got = answer(status, list(frames))
        what = f"page_events({status}, [{', '.join(map(_name, frames))}])"
        if not isinstance(got, list | tuple):
            raise Wrong(f"{what} should give a list of events; got {kind(got)}")
        events = [tuple(event) if isinstance(event, list) else event for event in got]
        same(events, told_by(status, frames), what)


def event_cases(rng: random.Random) -> list[tuple[int, list[Frame]]]:
    """Answers of a server: the status, and its frames."""
    word = rng.choice(TEXTS)
    text, data = word.encode(), rng.randbytes(3)
    code = rng.choice((1000, 1001, 1011, 4000 + rng.randint(0, 99)))
    bye = Frame(Opcode.CLOSE, code.to_bytes(2, "big") + b"bye")
    ping, pong = Frame(Opcode.PING, b"?"), Frame(Opcode.PONG, b"")
    half = rng.randint(0, len(text))
    begin = Frame(Opcode.TEXT, text[:half], fin=False)
    middle, end = Frame(Opcode.CONTINUATION, b"", fin=False), Frame(Opcode.CONTINUATION, text[half:])
    whole, binary = Frame(Opcode.TEXT, text), Frame(Opcode.BINARY, data)
    parts = [Frame(Opcode.BINARY, data[:1], fin=False), Frame(Opcode.CONTINUATION, data[1:])]
    return [
        (101, [whole, bye]),
        (101, [binary, bye]),
        (101, [ping, whole, pong, bye]),
        (101, [begin, end, bye]),
        (101, [begin, ping, middle, end, whole, bye]),  # control frames may come between (RFC 6455 §5.4)
        (101, [*parts, bye]),
        (101, [Frame(Opcode.CLOSE, b"")]),  # without a code: 1005
        (101, [Frame(Opcode.CLOSE, code.to_bytes(2, "big"))]),
        (101, [whole]),  # TCP ends, without a close frame
        (101, [whole, begin, ping]),  # and in the middle of a message
        # Messages of no bytes are messages all the same.
        (101, [Frame(Opcode.TEXT, b""), Frame(Opcode.BINARY, b""), bye]),
        (101, [Frame(Opcode.TEXT, b"", fin=False), Frame(Opcode.CONTINUATION, b"late"), bye]),
        (101, []),
        (rng.choice((401, 403, 404, 503)), []),
        (200, []),
    ]


def told_by(status: int, frames: Sequence[Frame]) -> list[Event]:
    """The events that a browser tells a page."""
    if status != 101:
        return [("error", None), ("close", 1006)]
    events: list[Event] = [("open", None)]
    pieces: list[Frame] = []
    for frame in frames:
        if frame.opcode == Opcode.CLOSE:
            code = int.from_bytes(frame.payload[:2], "big") if frame.payload else 1005
            return [*events, ("close", code)]
        if frame.opcode in (Opcode.PING, Opcode.PONG):
            continue
        pieces.append(frame)
        if frame.fin:
            data = b"".join(piece.payload for piece in pieces)
            events.append(("message", data.decode() if pieces[0].opcode == Opcode.TEXT else data))
            pieces = []
    return [*events, ("close", 1006)]


def _name(frame: Frame) -> str:
    size = f" {frame.payload.hex(' ')}" if frame.payload else ""
    return f"{Opcode(frame.opcode).name}{size}{'' if frame.fin else ', more follows'}"


@exercise()
def Watch(answer: Callable[[float, float, float], Any], rng: random.Random) -> None:
    """Dead after two looks, ``grace`` apart, at the same silence; what was heard between them counts."""
    silence, grace = rng.choice(((60.0, 1.0), (30.0, 2.0), (10.0, 0.5)))
    # Each step: what happens, and after how many seconds.
    scripts = [
        [("tick", silence / 2), ("tick", silence / 2 - 0.1), ("heard", 0.1), ("tick", silence - 0.1)],
        [("tick", silence), ("tick", grace), ("tick", 1.0)],
        [("tick", silence / 2), ("tick", silence / 2), ("tick", grace)],
        [("tick", silence + 0.1), ("tick", grace / 2), ("tick", grace / 2)],
        [("tick", 7200.0), ("heard", 0.01), ("tick", grace), ("tick", silence), ("tick", grace)],  # frozen
        [("tick", 7200.0), ("heard", 0.01), ("tick", silence), ("tick", grace / 2)],
        [("tick", silence), ("heard", 0.1), ("heard", 0.1), ("tick", silence - 0.2), ("tick", 0.3)],
        [("tick", 7200.0), ("tick", 7200.0)],  # timers of a hidden tab run late
        [(rng.choice(("tick", "heard")), rng.choice((0.1, grace, silence / 2, silence))) for _ in range(40)],
    ]
    for script in scripts:
        _watch(answer, silence, grace, float(rng.randint(1, 1000)), script)


def _watch(
    answer: Callable[[float, float, float], Any],
    silence: float,
    grace: float,
    start: float,
    script: list[tuple[str, float]],
) -> None:
    now, heard, first, dead = start, start, None, False
    watch = answer(silence, grace, start)
    story = [f"Watch({silence:g}, {grace:g}, {start:.1f})"]
    for what, seconds in script:
        now += seconds
        story = [*story[:1], *story[1:][-3:], f"{what}({now:.1f})"]
        if what == "heard":
            heard, first = now, None
            watch.heard(now)
            continue
        if now - heard < silence:
            first = None
        elif first is None:
            first = now
        else:
            dead = dead or now - first >= grace
        wanted = "dead" if dead else "wait"
        got = watch.tick(now)
        if got != wanted:
            why = f"last heard at {heard:.1f}"
            if first is not None:
                why += f", first seen silent at {first:.1f}"
            raise Wrong(f"{' · '.join(story)}: {why}; should be {wanted!r}; got {show(got)}")
        if dead:
            return


@exercise()
def mean_of(answer: Callable[[bytes], bytes], rng: random.Random) -> None:
    """The mean of a Float64Array, as another one; what is no such array raises ValueError."""
    for count in (1, 2, 3, rng.randint(4, 40)):
        numbers = [rng.uniform(-1e6, 1e6) for _ in range(count)]
        payload = struct.pack(f"<{count}d", *numbers)
        what = f"mean_of({show(payload)}), of {', '.join(f'{number:.6g}' for number in numbers[:3])}"
        got = as_bytes(answer(payload), what)
        mean = sum(numbers) / count
        if len(got) != 8:
            raise Wrong(f"{what} should be 8 bytes, one number; got {show(got)}, {len(got)} bytes")
        (number,) = struct.unpack("<d", got)
        if not abs(number - mean) <= 1e-6:
            wanted = struct.pack("<d", mean)
            raise Wrong(f"{what} should be {mean:.6g}: {show(wanted)}; got {number:.6g}: {show(got)}")
    for size in (0, 4, 7, 9, 17):
        _no_array(answer, rng.randbytes(size))


def _no_array(answer: Callable[[bytes], bytes], payload: bytes) -> None:
    what = f"mean_of({show(payload)}), {len(payload)} bytes"
    try:
        got = answer(payload)
    except ValueError:
        return
    except NotImplementedError:
        raise
    except Exception as error:
        name = type(error).__name__
        raise Wrong(f"{what}, is no array with a number in it: raise ValueError; it raised {name}") from error
    raise Wrong(f"{what}, is no array with a number in it: raise ValueError; got {show(got)}")


class _Seen(HTMLParser):
    """The elements and the texts of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[Any] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append((f"<{tag}>", *attrs))

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_comment(self, data: str) -> None:
        self.parts.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.parts.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.parts.append(f"<?{data}>")


@exercise()
def as_html(answer: Callable[[str, str], str], rng: random.Random) -> None:
    """One paragraph; a reader of HTML finds in it the very sender and text, and nothing else."""
    number = rng.randint(10, 99)
    evil = [
        "hello",
        f"{number} < {number + 1} && 'yes' > \"no\"",
        f"<script>alert({number})</script>",
        f"<img src=x onerror='alert({number})'>",
        "&lt;b&gt; is how one writes <b>",
        "Tom &amp; Jerry",
        "</p><p>two",
        "<!-- hidden -->",
        "naïve 👋",
        f'x" onclick="alert({number})',
        f"x' onclick='alert({number})",
        f"  {number} spaces  ",
        f"{number} lines\nor two\n",
    ]
    for text in evil:
        for sender in ("ann", rng.choice(evil[1:])):
            _paragraph(answer, sender, text)
    for sender in evil:
        _paragraph(answer, sender, rng.choice(evil))


def _paragraph(answer: Callable[[str, str], str], sender: str, text: str) -> None:
    got = answer(sender, text)
    what = f"as_html({sender!r}, {text!r})"
    if not isinstance(got, str):
        raise Wrong(f"{what} should be a text; got {kind(got)}")
    seen = _Seen()
    seen.feed(got)
    seen.close()
    parts = [part for part in seen.parts if part]
    wanted = [("<p>", ("title", sender)), *([text] if text else []), "</p>"]
    if parts != wanted:
        raise Wrong(f"{what} gave {got!r}, in which a browser finds {parts!r:.200}, not {wanted!r:.200}")
