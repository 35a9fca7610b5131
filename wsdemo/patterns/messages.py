"""The messages of the protocol ``wsdemo.chat.v1``: one table, for a server and its clients.

::

    '{"type":"join","id":1,"channel":"#lobby"}'  ── parse ──►  {"type": "join", "id": 1, …}  or BadMessage
                                                 ◄─ frame ──

Every message is one JSON object in one text frame, with its ``type`` first. Unknown fields are ignored, since
a later version may have more; unknown types are errors. Values that some readers of JSON do not take are
refused: numbers that are not finite, whole numbers from 2^53 on, lone surrogates. Knows nothing of
connections.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

#: The subprotocol (RFC 6455 §1.9), and its version, which ``hello`` and ``welcome`` repeat.
PROTOCOL: Final = "wsdemo.chat.v1"
VERSION: Final = 1
#: The most objects and lists inside each other.
DEPTH: Final = 32
#: Whole numbers have no more bits in JavaScript (RFC 8259 §6).
BITS: Final = 53

#: Codes of errors, and their meaning. After a temporary one the same request may succeed later.
TEMPORARY: Final = {
    "busy": "the server has too much to do",
    "too_many": "too many requests in this time",
    "failed": "the message could not be stored",
}
PERMANENT: Final = {
    "bad_request": "not a message of this protocol, or not at this time",
    "unknown_type": "no such message",
    "not_allowed": "no right to it, or it does not exist",
    "not_joined": "the channel was not joined",
    "too_large": "the message has more bytes than `limits.size`",
    "out_of_order": "`expect` is the number to send next",
}


class BadMessage(ValueError):
    """A message that breaks the protocol. ``code``: see `PERMANENT`; ``answers``: its ``id`` and ``n``."""

    def __init__(
        self, reason: str, code: str = "bad_request", answers: Mapping[str, int] | None = None
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.answers = dict(answers or {})


class Kind(NamedTuple):
    """The values of a field: the check, and its words for people."""

    check: Callable[[Any], bool]
    expected: str


def _word(value: Any) -> bool:
    return type(value) is str and 0 < len(value) <= 64 and value.isprintable()


def _channel(value: Any, match: Callable[[str], Any] = re.compile(r"[#@][a-z0-9_-]{1,32}\Z").match) -> bool:
    return type(value) is str and match(value) is not None


ANY: Final = Kind(lambda value: True, "any JSON value")
CHANNEL: Final = Kind(_channel, "'#' or '@' and 1 to 32 of a-z 0-9 _ -")
FLAG: Final = Kind(lambda value: type(value) is bool, "true or false")
NUMBER: Final = Kind(lambda value: type(value) is int and value > 0, "a whole number from 1 to 2^53-1")
OBJECT: Final = Kind(lambda value: type(value) is dict, "an object")
SECONDS: Final = Kind(lambda value: type(value) in (int, float) and value >= 0, "a number of seconds")
TEXT: Final = Kind(lambda value: type(value) is str, "a text")
TOKEN: Final = Kind(
    lambda value: type(value) is str and 0 < len(value) <= 4096 and value.isascii(),
    "1 to 4096 ASCII characters",
)
WHOLE: Final = Kind(lambda value: type(value) is int and value >= 0, "a whole number from 0 to 2^53-1")
WORD: Final = Kind(_word, "1 to 64 printable characters")
WORDS: Final = Kind(lambda value: type(value) is list and all(map(_word, value)), "a list of names")


class Shape(NamedTuple):
    """The fields of a message, ``?`` behind those that may be missing, and its meaning."""

    fields: dict[str, Kind]
    meaning: str


#: The messages of a client.
CLIENT: Final[dict[str, Shape]] = {
    "hello": Shape(
        {"v": NUMBER, "device": WORD, "token?": TOKEN}, "the first message: answered by welcome or bye"
    ),
    "join": Shape(
        {"id": NUMBER, "channel": CHANNEL, "after?": WHOLE, "epoch?": WORD, "presence?": FLAG},
        "read a channel, from the offset after: ok or error",
    ),
    "leave": Shape({"id": NUMBER, "channel": CHANNEL}, "read it no longer: ok or error"),
    "publish": Shape({"n": NUMBER, "channel": CHANNEL, "body": ANY}, "store message n: confirm or error"),
    "volatile": Shape({"channel": CHANNEL, "body": ANY, "key?": WORD}, "send it to members, at most once"),
    "refresh": Shape({"id": NUMBER, "token": TOKEN}, "a new token: ok or error"),
    "pong": Shape({}, "the answer to ping"),
}
#: The messages of a server.
SERVER: Final[dict[str, Shape]] = {
    "welcome": Shape(
        {
            "v": NUMBER,
            "user": WORD,
            "next": NUMBER,
            "expires?": SECONDS,
            "durable": FLAG,
            "limits": OBJECT,
            "now": SECONDS,
        },
        "next: the number expected from this device",
    ),
    "ok": Shape(
        {
            "id": NUMBER,
            "epoch?": WORD,
            "offset?": WHOLE,
            "complete?": FLAG,
            "members?": WORDS,
            "expires?": SECONDS,
        },
        "request id is done",
    ),
    "error": Shape(
        {
            "id?": NUMBER,
            "n?": NUMBER,
            "channel?": CHANNEL,
            "code": WORD,
            "reason": TEXT,
            "retry?": SECONDS,
            "expect?": NUMBER,
        },
        "request id, or message n, is not done; channel: no longer read",
    ),
    "confirm": Shape({"n": NUMBER}, "all messages up to n are stored"),
    "message": Shape(
        {"channel": CHANNEL, "offset": NUMBER, "from": WORD, "at": SECONDS, "body": ANY, "n?": NUMBER},
        "an entry of a channel; n: from this device",
    ),
    "volatile": Shape({"channel": CHANNEL, "from": WORD, "body": ANY}, "a message that is not stored"),
    "presence": Shape({"channel": CHANNEL, "joined": WORDS, "left": WORDS}, "members came and left"),
    "gap": Shape(
        {"channel": CHANNEL, "from": WHOLE, "to": WHOLE, "why": WORD},
        "missing: expired, these offsets; slow, that many volatile ones, from 1",
    ),
    "expiring": Shape({"in": SECONDS}, "seconds until the token ends"),
    "bye": Shape(
        {"code": NUMBER, "reason": TEXT, "after?": SECONDS}, "the server closes; after: come back then"
    ),
    "ping": Shape({"now": SECONDS}, "answer with pong"),
}


def frame(kind: str, /, **fields: Any) -> str:
    """A message as text. Raises ValueError or TypeError for a value that JSON can't hold.

    >>> frame("leave", id=7, channel="#lobby")
    '{"type":"leave","id":7,"channel":"#lobby"}'
    """
    return compact({"type": kind, **fields})


def with_body(text: str, body: str) -> str:
    """A message with a body that is JSON already.

    >>> with_body('{"type":"volatile","channel":"#lobby"}', "1.5")
    '{"type":"volatile","channel":"#lobby","body":1.5}'
    """
    return f'{text[:-1]},"body":{body}}}'


def compact(value: Any) -> str:
    """A value as JSON, without spaces. Raises ValueError or TypeError for one that JSON can't hold."""
    try:
        return _ENCODE(value)
    except RecursionError:
        raise ValueError(f"more than {DEPTH} lists and objects inside each other") from None


def parse(text: str | bytes, table: Mapping[str, Shape] = CLIENT) -> dict[str, Any]:
    """A message of ``table``, with all its fields checked; raises BadMessage.

    >>> parse('{"type":"leave","id":0,"channel":"#lobby"}')
    Traceback (most recent call last):
    wsdemo.patterns.messages.BadMessage: leave.id is 0, expected a whole number from 1 to 2^53-1
    """
    message = _object(text)
    kind = message.get("type")
    shape = table.get(kind) if type(kind) is str else None
    answers = _answers(message)
    if shape is None:
        raise BadMessage(
            f"type is {_shown(kind)}, expected one of {', '.join(table)}", "unknown_type", answers
        )
    for field, (check, expected) in shape.fields.items():
        name = field.rstrip("?")
        if name not in message:
            if name is field:
                raise BadMessage(f"{kind}.{name} is missing, expected {expected}", answers=answers)
        elif not check(message[name]):
            raise BadMessage(
                f"{kind}.{name} is {_shown(message[name])}, expected {expected}", answers=answers
            )
    return message


def size_of(text: str | bytes) -> int:
    """Bytes of a message.

    >>> size_of("grüße")
    7
    """
    return len(text.encode()) if isinstance(text, str) else len(text)


def describe(table: Mapping[str, Shape]) -> str:
    """The table as lines of text: type, fields, meaning.

    >>> print(describe({"leave": CLIENT["leave"]}))
    leave     id, channel                                       read it no longer: ok or error
    """
    rows = ((kind, ", ".join(shape.fields), shape.meaning) for kind, shape in table.items())
    return "\n".join(f"{kind:9} {fields:49} {meaning}" for kind, fields, meaning in rows)


def _object(text: str | bytes) -> dict[str, Any]:
    if not isinstance(text, str):
        raise BadMessage("a binary message, expected text")
    try:
        message = _DECODE(text)
        if "\\u" in text:  # the only way to a lone surrogate: a text frame is UTF-8 (RFC 6455 §8.1)
            compact(message).encode()
    except (_Refused, UnicodeEncodeError) as error:
        reason = str(error) if isinstance(error, _Refused) else "a lone surrogate in a text"
        raise BadMessage(reason, answers=_answers_in(text)) from None
    except (ValueError, RecursionError):
        raise BadMessage("not JSON") from None
    if text.count("[") + text.count("{") > DEPTH and _depth(message) > DEPTH:
        raise BadMessage(f"more than {DEPTH} lists and objects inside each other", answers=_answers(message))
    if type(message) is not dict:
        raise BadMessage(f"JSON without an object around it: {_shown(message)}")
    return message


def _answers(message: Any) -> dict[str, int]:
    """The ``id`` and ``n`` of a message, which its answer repeats."""
    if type(message) is not dict:
        return {}
    return {name: message[name] for name in ("id", "n") if NUMBER.check(message.get(name))}


def _answers_in(text: str) -> dict[str, int]:
    """The same for a text with a value that is refused: where that is all that is wrong with it."""
    try:
        return _answers(json.JSONDecoder(parse_int=_int_or_none).decode(text))
    except (ValueError, RecursionError):
        return {}


def _depth(value: Any) -> int:
    """The number of lists and objects inside each other; without recursion, which has a bound of its own."""
    depth, level = 0, [value]
    while level := [inner for inner in level if isinstance(inner, (list, dict))]:
        depth += 1
        level = [part for inner in level for part in (inner.values() if isinstance(inner, dict) else inner)]
    return depth


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


class _Refused(ValueError):
    """A number that not every reader of JSON takes."""


def _float(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise _Refused(f"the number {text[:20]} is too large")
    return number


def _int(text: str) -> int:
    if len(text) > 17 or (number := int(text)).bit_length() > BITS:
        raise _Refused(f"the whole number {text[:20]} is not below 2^{BITS}")
    return number


def _int_or_none(text: str) -> int | None:
    with contextlib.suppress(_Refused):
        return _int(text)
    return None


def _constant(text: str) -> float:
    raise _Refused(f"{text} is no number of JSON")


_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_DECODE: Final = json.JSONDecoder(parse_float=_float, parse_int=_int, parse_constant=_constant).decode
