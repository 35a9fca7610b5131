"""From what is required to a recommendation: six questions, and each use as a line through its answers.

::

    who sends?     who is there?    …    what is there already?
    [client]       [browsers]━━━┓                                    WebSocket
    [server]   ┏━━ [devices]    ┗━━━ …   [Django]━━━━━━━━━━━━━━━━━━━ on Channels, published, a broker
    [both]━━━━━┛   [services]

`recommend` follows the rules, in words; `choice` draws. Rules of thumb, and no law. Knows no server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SMALL, WIDTH, Canvas, Sketch

# Lengths in pixels.
TITLE: Final = 34.0
HEADS: Final = 40.0
COLUMN: Final = 128.0
BOX: Final = 98.0
ROW: Final = 62.0
HIGH: Final = 44.0  # of a box
ENDS: Final = WIDTH - 14 - 170.0  # where the recommended ways stand
LINE: Final = 20.0  # of the list below


class Question(NamedTuple):
    """A question in two lines, and its answers, each in one or two."""

    lines: tuple[str, str]
    answers: tuple[tuple[str, str], ...]

    @property
    def words(self) -> str:
        """The question in one line."""
        return " ".join(self.lines)

    @property
    def options(self) -> list[str]:
        """The answers, each in one line."""
        return [" ".join(filter(None, answer)) for answer in self.answers]


QUESTIONS: Final = (
    Question(("Who sends", "messages?"), (("only clients", ""), ("only the", "server"), ("both", ""))),
    Question(("Who is at the", "other end?"), (("browsers", ""), ("devices", ""), ("services", "of ours"))),
    Question(
        ("Is a lost message", "missed?"),
        (("no, a newer", "one comes"), ("yes", ""), ("yes, and twice", "is worse")),
    ),
    Question(("How late", "may it be?"), (("minutes", ""), ("a second", ""), ("less", ""))),
    Question(("How many", "servers?"), (("one", "process"), ("several", ""))),
    Question(("What is there", "already?"), (("nothing", ""), ("Django", ""), ("FastAPI or", "aiohttp"))),
)

#: Uses, and their answers: a number for each question.
USES: Final[dict[str, tuple[int, ...]]] = {
    "chat": (2, 0, 1, 1, 1, 2),
    "stock ticker": (1, 0, 0, 2, 1, 0),
    "online game": (2, 0, 0, 2, 0, 0),
    "shared document": (2, 0, 1, 1, 0, 1),
    "sensors": (2, 1, 1, 1, 1, 0),
    "payments": (1, 2, 2, 1, 1, 1),
}

#: The ways that can be recommended, from top to bottom.
WAYS: Final = ("HTTP", "SSE", "WebSocket", "MQTT", "a broker, or gRPC")


class Recommendation(NamedTuple):
    """The way, and the rest of the recommendation in words."""

    way: str
    words: str


def recommend(answers: Sequence[int]) -> Recommendation:
    """The recommendation for an answer to each question. Raises ValueError for answers that do not exist.

    >>> recommend(USES["online game"])
    Recommendation(way='WebSocket', words='WebSocket, on websockets or wsdemo; volatile')
    """
    checked(answers)
    sends, there, lost, late, servers, has = answers
    way = _way(sends, there, late)
    words = [way]
    if way == "WebSocket":
        words[0] += (", on websockets or wsdemo", ", on Channels", ", on FastAPI or aiohttp")[has]
    words.append(("volatile", "published", "published with a key")[lost])
    if servers and way in ("SSE", "WebSocket"):
        words.append("a broker between servers")
    return Recommendation(way, "; ".join(words))


def _way(sends: int, there: int, late: int) -> str:
    """The first rule that holds."""
    if sends == 0 or late == 0:
        return "HTTP"  # ask when you want to know, or from time to time
    if there == 1:
        return "MQTT"
    if there == 2:
        return "a broker, or gRPC"
    return "SSE" if sends == 1 else "WebSocket"


def checked(answers: Sequence[int]) -> None:
    """Raise ValueError unless there is an answer to each question, one that exists."""
    if len(answers) != len(QUESTIONS):
        raise ValueError(f"{len(answers)} answers, expected {len(QUESTIONS)}")
    for question, answer in zip(QUESTIONS, answers, strict=True):
        if not 0 <= answer < len(question.answers):
            raise ValueError(
                f"answer {answer} to {question.words!r}, expected 0 to {len(question.answers) - 1}"
            )


def choice(
    answers: Sequence[int] | None = None,
    *,
    uses: Mapping[str, Sequence[int]] = USES,
    title: str = "Six questions, and where each use comes out",
) -> Sketch:
    """A line for each of ``uses``; with ``answers`` those of the reader besides, in a thick line.

    Raises ValueError for answers that do not exist.
    """
    lines = dict(uses) | ({"yours": answers} if answers is not None else {})
    found = {name: recommend(given) for name, given in lines.items()}
    foot = TITLE + HEADS + ROW * 3 + ROW * 0.4
    canvas = Canvas(foot + LINE * len(lines) + 14)
    canvas.text(14, TITLE / 2, title, anchor="start", bold=True)
    for place, (name, given) in enumerate(lines.items()):
        _line(canvas, place, len(lines), given, found[name].way, thick=name == "yours")
    _questions(canvas)
    for place, (name, recommendation) in enumerate(found.items()):
        y = foot + LINE * place + LINE / 2
        thick = name == "yours"
        ink = theme.INK if thick else theme.LOOKS[place % len(theme.LOOKS)].ink
        canvas.line([(14, y), (54, y)], color=ink, width=4 if thick else 2, dash=DASHES[place % len(DASHES)])
        canvas.text(62, y, name, size=SMALL, anchor="start", bold=thick)
        canvas.text(190, y, recommendation.words, size=SMALL, anchor="start", bold=thick, room=WIDTH - 204)
    return Sketch(canvas, describe(found, lines, title), title)


#: The dashes of the lines, in their order: colour is not the only sign.
DASHES: Final = ("", "8 4", "2 3", "12 3 2 3", "5 2", "1 2", "")


def describe(found: Mapping[str, Recommendation], lines: Mapping[str, Sequence[int]], title: str) -> str:
    """The same in words: of each use its answers, and what is recommended."""
    said = [title]
    for name, recommendation in found.items():
        options = [question.options[answer] for question, answer in zip(QUESTIONS, lines[name], strict=True)]
        said.append(f"{name}: {' · '.join(options)} ─► {recommendation.words}")
    return "\n".join(said)


def _middle(row: int) -> float:
    return TITLE + HEADS + ROW * row + HIGH / 2


def _left(column: int) -> float:
    return 14 + COLUMN * column


def _questions(canvas: Canvas) -> None:
    for column, question in enumerate(QUESTIONS):
        middle = _left(column) + BOX / 2
        for row, words in enumerate(question.lines):
            canvas.text(middle, TITLE + 8 + 15 * row, words, size=SMALL, bold=True, room=COLUMN - 6)
        for row, answer in enumerate(question.answers):
            canvas.box(_left(column), _middle(row) - HIGH / 2, BOX, HIGH, fill="none", round=6, line=1.2)
            _two_lines(canvas, middle, _middle(row), answer)
    for way in WAYS:
        y = _way_at(way)
        canvas.box(ENDS, y - 14, 170, 28, fill=theme.PAPER, round=6, line=1.2)
        canvas.text(ENDS + 85, y, way, size=SMALL, bold=True, room=162)
    canvas.text(ENDS + 85, TITLE + 8, "The way", size=SMALL, bold=True)


def _two_lines(canvas: Canvas, x: float, y: float, words: tuple[str, str]) -> None:
    first, second = words
    for line, shift in ((first, -8 if second else 0), (second, 8)):
        canvas.text(x, y + shift, line, size=SMALL, card=True, room=BOX - 8)


def _way_at(way: str) -> float:
    return TITLE + HEADS + 8 + (ROW * 3 - 30) / (len(WAYS) - 1) * WAYS.index(way)


def _line(canvas: Canvas, place: int, count: int, answers: Sequence[int], way: str, *, thick: bool) -> None:
    """A use's line: level through each of its answers, curved between them."""
    shift = (place - (count - 1) / 2) * (HIGH - 10) / max(1, count)
    points = [(_left(column), _middle(answer) + shift) for column, answer in enumerate(answers)]
    path = f"M{points[0][0]:g},{points[0][1]:g} H{points[0][0] + BOX:g}"
    for (x, y), (_, before) in zip(points[1:], points, strict=False):
        path += f" C{x - 8:g},{before:g} {x - 12:g},{y:g} {x:g},{y:g} H{x + BOX:g}"
    last, end = points[-1], _way_at(way) + shift * 0.5
    path += f" C{last[0] + BOX + 24:g},{last[1]:g} {ENDS - 24:g},{end:g} {ENDS:g},{end:g}"
    ink = theme.INK if thick else theme.LOOKS[place % len(theme.LOOKS)].ink
    canvas.line([], path=path, color=ink, width=4 if thick else 1.8, dash=DASHES[place % len(DASHES)])
