"""A trace as a file: one JSON object per line, so that it can be read, compared and cut with any tool.

::

    {"format": "wsdemo trace", "version": 1, "started_at": 1700000000.0, "dropped": 0, "redacted": true}
    {"connection": 1, "client": ["127.0.0.1", 50000], "server": ["127.0.0.1", 1234]}
    {"time": 0.0012, "connection": 1, "end": "client", "direction": "to server", "data": "R0VUIC8g…"}
    {"time": 0.0031, "connection": 1, "end": "client", "mark": "eof"}

Times are seconds since the trace was started, data is base64. A file may come from anywhere, so everything
read is bounded and checked, and an error names the line. Secrets are left out by default: see ``redact``.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import json
import os
from collections.abc import Iterator
from typing import Any, Final, get_args

from wsdemo.record.facts import Chunk, Direction, End, Layer, Mark, What
from wsdemo.record.record import Record
from wsdemo.trace.redact import redacted

FORMAT: Final = "wsdemo trace"
VERSION: Final = 1

#: Connections that a file may hold.
CONNECTIONS: Final = 1_000_000
#: Bytes of a line besides its data.
LINE: Final = 4096
#: The latest start of a record in seconds since 1970, which is in 2065, and its longest duration, 31 years.
#: The sum fits into a capture file, whose times end in 2106.
LATEST: Final = 3_000_000_000
LONGEST: Final = 1_000_000_000


def save(trace: Record, path: str | os.PathLike[str], *, redact: bool = True) -> None:
    """Write a trace to a file. Without ``redact`` there are cookies, tokens and queries in it.

    ``ValueError`` where the trace's clock gave an impossible time.
    """
    check_times(trace)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for record in _records(trace, redact):
            file.write(json.dumps(record, ensure_ascii=True) + "\n")


def load(path: str | os.PathLike[str], trace: Record) -> None:
    """Read a file that ``save`` has written into an empty record: at most ``trace.limit`` bytes of data.

    ``ValueError`` with the number of the line where it is something else, and with what it seems to be;
    ``OSError`` where it can't be read.
    """
    if os.path.isdir(path):
        raise ValueError(f"{os.fspath(path)}: a directory, expected a {FORMAT}")
    with open(path, "rb") as file:
        number, start = 0, file.peek(LINE)[:LINE]
        try:
            for number in itertools.count(1):
                line = file.readline(2 * trace.limit + LINE if number > 1 else LINE)
                if not line:
                    break
                _take(trace, _object(line), number)
        except ValueError as error:
            seems = "" if FORMAT.encode() in start else f"; the file seems to be {kind_of(start)}"
            raise ValueError(f"{os.fspath(path)}, line {number}: {error}{seems}") from None
    if number == 1:
        raise ValueError(f"{os.fspath(path)}: an empty file, expected a {FORMAT}")
    trace._next = itertools.count(max(trace.addresses, default=0) + 1)


#: The first bytes of files that people mistake for a trace, and the kind of file.
_BEGINNINGS: Final = (
    (b"\xa1\xb2\xc3\xd4", _CAPTURE := "a capture (pcap), which Wireshark opens"),
    (b"\xd4\xc3\xb2\xa1", _CAPTURE),
    (b"\xa1\xb2\x3c\x4d", _CAPTURE),
    (b"\x4d\x3c\xb2\xa1", _CAPTURE),
    (b"\x0a\x0d\x0d\x0a", "a capture (pcapng), which Wireshark opens"),
    (b"\x1f\x8b", "compressed (gzip): gunzip it first"),
    (b"PK\x03\x04", "a zip archive"),
    (b"BZh", "compressed (bzip2): bunzip2 it first"),
    (b"\xfd7zXZ", "compressed (xz): unxz it first"),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd): unzstd it first"),
)


def kind_of(start: bytes) -> str:
    """The likely kind of a file that begins with these bytes, in a few words.

    >>> kind_of(b"\\x1f\\x8b\\x08"), kind_of(b"Dear Sir"), kind_of(b'{"log": {"version": "1.2"')
    ('compressed (gzip): gunzip it first', 'text', 'HAR, which browsers export')
    """
    for beginning, kind in _BEGINNINGS:
        if start.startswith(beginning):
            return kind
    start = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"{", b"[")):
        return "HAR, which browsers export" if b'"log"' in start else "other JSON"
    text = start.decode("utf-8", "ignore")
    printable = all(character.isprintable() or character.isspace() for character in text)
    return "text" if printable and len(text.encode()) > len(start) - 4 else "binary data"


def check_times(trace: Record) -> None:
    """Raise ``ValueError`` where a trace's clock gave an impossible time, which can't be exported."""
    _check_range("started_at", trace.started_at, LATEST)
    for time in [event.time for event in trace.chunks] + [event.time for event in trace.marks]:
        _check_range("time", time - trace.started, LONGEST)


def _records(trace: Record, redact: bool) -> Iterator[dict[str, Any]]:
    yield {
        "format": FORMAT,
        "version": VERSION,
        "started_at": trace.started_at,
        "dropped": trace.dropped,
        "redacted": redact,
    }
    for number, (client, server) in sorted(trace.addresses.items()):
        yield {"connection": number, "client": client, "server": server}
    for chunk in redacted(trace) if redact else list(trace.chunks):
        record = {
            "time": round(chunk.time - trace.started, 9),
            "connection": chunk.connection,
            "end": chunk.end,
            "direction": chunk.direction,
            "data": base64.b64encode(chunk.data).decode("ascii"),
        }
        if chunk.layer != "plain":
            record["layer"] = chunk.layer
        yield record
    for mark in list(trace.marks):
        time = round(mark.time - trace.started, 9)
        yield {"time": time, "connection": mark.connection, "end": mark.end, "mark": mark.what}


def _object(line: bytes) -> dict[str, Any]:
    if not line.endswith(b"\n"):
        raise ValueError("the line is too long, or cut off")
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")
    return record


def _take(trace: Record, record: dict[str, Any], number: int) -> None:
    """Take one line of a file into the trace."""
    if number == 1:
        if record.get("format") != FORMAT:
            raise ValueError(f"not a {FORMAT}")
        if record.get("version") != VERSION:
            raise ValueError(f"version {record.get('version')!r:.20}, this program reads {VERSION}")
        trace.started = 0.0
        trace.started_at = _number(record, "started_at", LATEST)
        trace.dropped = _count(record, "dropped", 1 << 63)
    elif "data" in record:
        _chunk(trace, record)
    elif "mark" in record:
        time, connection = _number(record, "time", LONGEST), _connection(trace, record)
        trace.marks.append(Mark(time, connection, _one(record, "end", End), _one(record, "mark", What)))
    else:
        connection = _count(record, "connection", CONNECTIONS)
        if not connection or connection in trace.addresses:
            raise ValueError(f"connection {connection}: 1 to {CONNECTIONS}, each once")
        trace.addresses[connection] = (_address(record.get("client")), _address(record.get("server")))


def _chunk(trace: Record, record: dict[str, Any]) -> None:
    try:
        data = base64.b64decode(record["data"], validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise ValueError("data is not base64") from None
    trace.size += len(data)
    if trace.size > trace.limit:
        raise ValueError(f"over {trace.limit} bytes of data")
    trace.chunks.append(
        Chunk(
            _number(record, "time", LONGEST),
            _connection(trace, record),
            _one(record, "end", End),
            _one(record, "direction", Direction),
            data,
            _one(record, "layer", Layer) if "layer" in record else "plain",
        )
    )


def _connection(trace: Record, record: dict[str, Any]) -> int:
    connection = _count(record, "connection", CONNECTIONS)
    if connection not in trace.addresses:
        raise ValueError(f"connection {connection} has no line of its own before this one")
    return connection


def _number(record: dict[str, Any], key: str, most: int) -> float:
    value = record.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{key} is not a number")
    _check_range(key, value, most)
    return value


def _check_range(key: str, value: float, most: int) -> None:
    if not 0 <= value <= most:  # nor is "not a number" in it
        raise ValueError(f"{key} is {value!r:.20}, expected 0 to {most}")


def _count(record: dict[str, Any], key: str, most: int) -> int:
    value = _number(record, key, most)
    if not isinstance(value, int):
        raise ValueError(f"{key} is {value!r:.20}, expected a whole number")
    return value


def _one(record: dict[str, Any], key: str, kind: Any) -> Any:
    """The value of ``key``, which must be one of a ``Literal``'s."""
    value = record.get(key)
    if not isinstance(value, str) or value not in get_args(kind):
        raise ValueError(f"{key} is none of {', '.join(get_args(kind))}")
    return value


def _address(value: object) -> object:
    """Addresses are lists in JSON, and tuples in Python."""
    if isinstance(value, list):
        if len(value) > 4 or not all(isinstance(part, str | int) for part in value):
            raise ValueError("not an address")
        return tuple(value)
    if value is not None and not isinstance(value, str):
        raise ValueError("not an address")
    return value
