"""The life of a connection, drawn from the protocol's own table, and the path taken (RFC 6455 §4, §7).

::

    ┌────────────┐ refused     ┌────────┐
    │ CONNECTING ├────────────►│        │
    └─────┬──────┘             │        │
          ▼ accepted           │        │     to the right: what ends the connection,
    ┌────────────┐ eof         │ CLOSED │     or leaves it where it is;
    │    OPEN    ├────────────►│        │     downwards: every other step of the table
    └──┬───┬───┬─┘             │        │
       ▼   ▼   ▼ close sent …  │        │
    ┌────────────┐ eof         │        │
    │  CLOSING   ├────────────►│        │
    └────────────┘             └────────┘

Narrow, so that two stand side by side: the ends of a connection.
A step that the table does not know can't be drawn: it raises ValueError.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from wsdemo.protocol.codes import Opcode
from wsdemo.protocol.states import TRANSITIONS, State, Step
from wsdemo.record.facts import TO_CLIENT, TO_SERVER, End
from wsdemo.trace.packets import FramePacket, ResponsePacket
from wsdemo.trace.trace import Trace
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SMALL, Canvas, Sketch

if TYPE_CHECKING:
    from wsdemo.views.live.following import Following

#: A path as a learner may have it.
Path: TypeAlias = Iterable[Step | str]

WIDTH: Final = 480.0
HEIGHT: Final = 424.0
#: Where the states stand: left, top, width, height.
PLACES: Final = {
    State.CONNECTING: (12.0, 12.0, 170.0, 66.0),
    State.OPEN: (12.0, 140.0, 170.0, 66.0),
    State.CLOSING: (12.0, 284.0, 170.0, 128.0),
    State.CLOSED: (390.0, 12.0, 78.0, 400.0),
}
SAYS: Final = {
    State.CONNECTING: "HTTP, no frames yet",
    State.OPEN: "messages both ways",
    State.CLOSING: "a close frame passed",
    State.CLOSED: "it is over",
}
#: Pixels to the right that the line of a step goes that stays in its state.
LOOP: Final = 34.0


def states(path: Path | State | Trace = (), *, connection: int = 1, end: End = "client") -> Sketch:
    """Draw the state machine, and light a path: steps, or their names, from CONNECTING on.

    A `State` lights only itself. Of a trace, the path is that of one ``end`` of one ``connection``.
    """
    steps = life(path, connection, end) if isinstance(path, Trace) else path
    if isinstance(steps, State):
        return _sketch([], [steps])
    taken = [step if isinstance(step, Step) else Step(str(step).lower()) for step in steps]
    return _sketch(taken, walk(taken) if taken or isinstance(path, Trace) else [])


def following(trace: Trace, *, connection: int = 1, end: End = "client") -> Following:
    """The state machine, with the states of a connection lit as they come; ``stop()`` it at the end."""
    from wsdemo.views.live.following import Following  # it needs ipywidgets, a drawing does not

    return Following(
        lambda: states(trace, connection=connection, end=end),
        lambda: (len(trace.chunks), len(trace.marks), trace.size),
        caption="In a running notebook the picture follows the connection.",
    )


def walk(steps: Sequence[Step]) -> list[State]:
    """The states on the way, the first one included; ValueError for a step that can't happen in its state.

    >>> [state.name for state in walk([Step.ACCEPTED, Step.CLOSE_SENT])]
    ['CONNECTING', 'OPEN', 'CLOSING']
    """
    passed = [State.CONNECTING]
    for step in steps:
        here = passed[-1]
        if (here, step) not in TRANSITIONS:
            possible = ", ".join(repr(s.value) for state, s in TRANSITIONS if state is here) or "nothing"
            raise ValueError(f"{step.value!r} can't happen in {here.name}: possible there is {possible}")
        passed.append(TRANSITIONS[here, step])
    return passed


def life(trace: Trace, connection: int = 1, end: End = "client") -> list[Step]:
    """The steps that one end of a connection went through, derived from the bytes that crossed its socket."""
    state, steps = State.CONNECTING, []
    # Where one trace has both ends, a frame has the time of its arrival, which may be after the sender's end.
    for _, step in sorted(_facts(trace, connection, end), key=lambda fact: (fact[1] is Step.EOF, fact[0])):
        if (state, step) in TRANSITIONS:
            steps.append(step)
            state = TRANSITIONS[state, step]
    return steps


def _facts(trace: Trace, connection: int, end: End) -> Iterator[tuple[float, Step]]:
    outward = TO_SERVER if end == "client" else TO_CLIENT
    for packet in trace.packets:
        if packet.connection != connection:
            continue
        if isinstance(packet, ResponsePacket) and packet.complete:
            if 100 <= packet.status < 200 and packet.status != 101:
                continue  # an interim response: the real one follows
            good = packet.status == 101 and packet.verdict.accepted
            yield packet.end_time, Step.ACCEPTED if good else Step.REFUSED
        elif isinstance(packet, FramePacket):
            if packet.direction != outward and packet.verdict.outcome == "refused":
                yield packet.end_time, Step.FAILED
            elif packet.opcode == Opcode.CLOSE and packet.complete and packet.verdict.accepted:
                yield packet.end_time, Step.CLOSE_SENT if packet.direction == outward else Step.CLOSE_RECEIVED
    for mark in list(trace.marks):
        if mark.connection == connection and mark.end == end and mark.what not in ("open", "full"):
            yield mark.time, Step.EOF


def _sketch(steps: Sequence[Step], passed: Sequence[State]) -> Sketch:
    lines = []
    for (here, step), there in TRANSITIONS.items():
        numbers = [str(n) for n, taken in enumerate(steps) if (passed[n], taken) == (here, step)]
        lit = f"   ◄ step {int(numbers[0]) + 1} of the path" if numbers else ""
        lines.append(f"{here.name} ── {step.value} ──► {there.name}{lit}")
    if passed:
        lines.append("path: " + " ► ".join(state.name for state in passed))
    title = "the states of a connection" + (f"; now: {passed[-1].name}" if passed else "")
    return Sketch(_draw(steps, passed), "\n".join(lines), title)


def _draw(steps: Sequence[Step], passed: Sequence[State]) -> Canvas:
    canvas = Canvas(HEIGHT, WIDTH)
    number = {(passed[n], step): n + 1 for n, step in enumerate(steps)}
    for state in State:
        _state(canvas, state, state in passed, state in passed[-1:])
    for here in State:
        ways = [(step, TRANSITIONS[here, step]) for step in Step if (here, step) in TRANSITIONS]
        stays = [(step, there) for step, there in ways if there is here]
        ends = [(step, there) for step, there in ways if there is State.CLOSED]
        aside = stays + ends
        down = [way for way in ways if way not in aside]
        for at, (step, there) in enumerate(aside):
            _aside(canvas, here, there, (at + 0.5) / len(aside), step, number.get((here, step)))
        for at, (step, there) in enumerate(down):
            _down(canvas, here, there, (at + 0.5) / len(down), at % 2 * 20, step, number.get((here, step)))
    return canvas


def _state(canvas: Canvas, state: State, passed: bool, here: bool) -> None:
    x, y, width, height = PLACES[state]
    look = "opcode" if here else "length" if passed else None
    canvas.box(x, y, width, height, look, fill=theme.PAPER, line=3.5 if here else 1.5, round=9)
    middle, level = x + width / 2, y + height / 2 - 17
    canvas.text(middle, level, state.name, bold=True, size=15)
    canvas.text(middle, level + 19, SAYS[state], size=SMALL)
    canvas.text(middle, level + 37, "now" if here else "passed" if passed else "", bold=here, size=SMALL)


def _aside(canvas: Canvas, here: State, there: State, share: float, step: Step, number: int | None) -> None:
    """An arrow to the right, to CLOSED or in a loop back to ``here``, ``share`` of the way down the side."""
    x, y, width, height = PLACES[here]
    right, level = x + width + 1, y + height * share
    if here is there:
        out = right + LOOP
        line = [(right, level - 7), (out, level - 7), (out, level + 7), (right + 1, level + 7)]
        _step(canvas, line, step, (out + 15, level), number, (out, level), anchor="start")
    else:
        line = [(right, level), (PLACES[there][0] - 2, level)]
        _step(canvas, line, step, ((right + PLACES[there][0]) / 2, level), number, (right + 18, level))


def _down(canvas: Canvas, here: State, there: State, share: float, lower: float, step: Step,
          number: int | None) -> None:  # fmt: skip
    """An arrow down to the next state, ``share`` of the way along the side; its name may stand ``lower``."""
    x, y, width, height = PLACES[here]
    place, top = x + width * share, y + height + 1
    line = [(place, top), (place, PLACES[there][1] - 2)]
    _step(canvas, line, step, (place, top + 35 + lower), number, (place, top + 13))


def _step(canvas: Canvas, line: Sequence[tuple[float, float]], step: Step, name: tuple[float, float],
          number: int | None, badge: tuple[float, float], anchor: str = "middle") -> None:  # fmt: skip
    """An arrow with its step's name; one that was taken is heavy, and has a number."""
    color = theme.INK if number else theme.QUIET
    canvas.line(line, color=color, width=4 if number else 1.2, arrow=True)
    canvas.text(*name, step.value, size=SMALL + 0.5, bold=bool(number), color=color, card=True, anchor=anchor)
    if number:
        canvas.box(badge[0] - 11, badge[1] - 11, 22, 22, fill=theme.INK, line=0, round=11)
        canvas.text(*badge, str(number), color=theme.PAPER, bold=True, size=SMALL + 1)
