"""The alternatives as data: what each one is, what it needs, and where it can be reached."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
import tokenize
from pathlib import Path
from typing import Final, NamedTuple

HERE: Final = Path(__file__).parent


class Alternative(NamedTuple):
    """One library: ``packages`` are its names for pip, the first one's version is shown."""

    name: str
    file: str
    modules: tuple[str, ...]
    packages: tuple[str, ...]
    gives: str  # more than messages, in a few words
    lacks: str  # and what is left to you
    envelope: bool = False  # whether it speaks packets of Socket.IO, and not plain messages

    @property
    def path(self) -> Path:
        """Its file, which runs alone."""
        return HERE / self.file

    @property
    def missing(self) -> str:
        """The command that installs what it needs; empty where all is here.

        >>> ALTERNATIVES["wsdemo"].missing
        ''
        """
        found = all(importlib.util.find_spec(module) for module in self.modules)
        return "" if found else f"pip install {' '.join(self.packages)}"

    @property
    def version(self) -> str:
        """The installed version of its first package, and of the others."""
        return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in self.packages)

    @property
    def lines(self) -> int:
        """The lines of its file that hold code: no blank ones, no comments, no docstrings."""
        return code_lines(self.path.read_text(encoding="utf-8"))


def code_lines(source: str) -> int:
    '''The number of lines with code.

    >>> code_lines("""'What it is.'
    ...
    ... # why
    ... a = [1,
    ...      2]  # a list
    ... """)
    2
    '''
    lines: set[int] = set()
    begins = True  # of a logical line: a text alone there is a docstring
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in skipped:
            continue
        if token.type == tokenize.NEWLINE:
            begins = True
        elif not (begins and token.type == tokenize.STRING):
            lines.update(range(token.start[0], token.end[0] + 1))
            begins = False
    return len(lines)


#: By name. ``gives`` and ``lacks`` are from their documentation, the rest of a comparison is measured.
ALTERNATIVES: Final = {
    one.name: one
    for one in (
        Alternative(
            "wsdemo",
            "on_wsdemo.py",
            ("wsdemo",),
            ("wsdemo",),
            "every byte recorded and drawn; rooms, logs and clients that come back, in patterns",
            "HTTP beyond fixed pages; proxies; years in production",
        ),
        Alternative(
            "websockets",
            "on_websockets.py",
            ("websockets",),
            ("websockets",),
            "a client that reconnects, threads or asyncio, proxies",
            "HTTP, rooms, history",
        ),
        Alternative(
            "aiohttp",
            "on_aiohttp.py",
            ("aiohttp",),
            ("aiohttp",),
            "a whole HTTP server and client beside it",
            "rooms, history; a client that comes back",
        ),
        Alternative(
            "FastAPI",
            "on_fastapi.py",
            ("fastapi", "uvicorn", "websockets"),
            ("fastapi", "uvicorn", "websockets"),
            "HTTP with checked parameters, dependencies and documentation",
            "broadcasts, rooms, history; a client of its own",
        ),
        Alternative(
            "Channels",
            "on_channels.py",
            ("channels", "daphne"),
            ("channels", "daphne"),
            "Django's users, sessions and database; groups over many processes",
            "history; messages beyond the layer's capacity; a client of its own",
        ),
        Alternative(
            "Socket.IO",
            "on_socketio.py",
            ("socketio", "uvicorn", "websockets"),
            ("python-socketio", "uvicorn", "websockets"),
            "named events, answers to them, rooms, a client that reconnects, HTTP where no WebSocket passes",
            "plain clients; recovery of what was missed (that of Node.js has one)",
            envelope=True,
        ),
    )
}
