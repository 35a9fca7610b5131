"""The ways in which news can reach you, by name.

>>> WAYS["long polling"]
Way(name='long polling', keep_alive=True)
>>> FIVE
('short polling', 'long polling', 'SSE', 'WebSocket', 'raw TCP')
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from wsdemo.rivals.clients import Client, LongPolling, RawClient, ServerSent, ShortPolling, WebSocketClient
from wsdemo.rivals.exchange import Exchange, Http1, Http2
from wsdemo.rivals.push import RawServer, WebSocketServer
from wsdemo.rivals.standard import StandardServer
from wsdemo.rivals.strong import Http2Server, StarletteServer, needed


class NewsServer(Protocol):
    """The methods of every server of news."""

    about: str  #: a description in a few words
    port: int

    def publish(self, text: str) -> None:
        """Tell the next event, from any thread."""

    def ready(self, clients: int, timeout: float) -> None:
        """Return when events would reach ``clients`` listeners; TimeoutError."""

    def close(self) -> None:
        """End connections, threads and sockets."""

    def __enter__(self) -> Any:
        """The server."""

    def __exit__(self, *args: Any) -> Any:
        """Close it."""


@dataclass(frozen=True, slots=True)
class Way:
    """A kind of client, and the server that it talks to."""

    name: str
    client: Callable[..., Client] = field(repr=False)
    server: Callable[[], NewsServer] = field(repr=False)
    keep_alive: bool = True  #: polls share a connection; else each opens its own
    http: Callable[[], Exchange] = field(default=Http1, repr=False)  #: the version of HTTP that it speaks


def _ways() -> Iterable[Way]:
    kinds: tuple[tuple[str, Callable[..., Client]], ...] = (
        ("short polling", ShortPolling),
        ("long polling", LongPolling),
        ("SSE", ServerSent),
    )
    for name, client in kinds:
        yield Way(name, client, StandardServer)
        yield Way(f"{name}, Starlette", client, StarletteServer)
        yield Way(f"{name}, HTTP/2", client, Http2Server, http=Http2)
        if client is not ServerSent:
            yield Way(f"{name}, no keep-alive", client, StandardServer, keep_alive=False)
            yield Way(f"{name}, Starlette, no keep-alive", client, StarletteServer, keep_alive=False)
    yield Way("WebSocket", WebSocketClient, WebSocketServer)
    yield Way("WebSocket, Starlette", WebSocketClient, StarletteServer)
    yield Way("raw TCP", RawClient, RawServer)


#: All of them. "Starlette": by Starlette on uvicorn; "HTTP/2": by the same application on Hypercorn.
#: Else HTTP is served by the standard library's `http.server`, and the rest by the package's own servers.
WAYS: Final[dict[str, Way]] = {way.name: way for way in _ways()}

#: The five that a lesson compares first.
FIVE: Final = ("short polling", "long polling", "SSE", "WebSocket", "raw TCP")

#: The same by a strong server, and its WebSocket beside ours: what differs is the protocol, not the server.
STRONG: Final = (
    "short polling, Starlette",
    "long polling, Starlette",
    "SSE, Starlette",
    "WebSocket, Starlette",
    "WebSocket",
    "raw TCP",
)

#: The same application over HTTP/2.
TWO: Final = ("short polling, HTTP/2", "long polling, HTTP/2", "SSE, HTTP/2")


def usable(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the ways whose packages are installed; of the others, a line says what brings them.

    >>> usable(("SSE", "raw TCP"))
    ('SSE', 'raw TCP')
    """
    missing = {way.name: needed(getattr(way.server, "packages", ())) for way in find(names)}
    for reason in dict.fromkeys(filter(None, missing.values())):
        left_out = [name for name, why in missing.items() if why == reason]
        print(f"left out: {', '.join(left_out)}: {reason}")
    return tuple(name for name, reason in missing.items() if not reason)


def find(names: Iterable[str]) -> tuple[Way, ...]:
    """The ways of these names; ValueError that lists what there is."""
    found = tuple(names)
    for name in found:
        if name not in WAYS:
            raise ValueError(f"no way is called {name!r}; there are: {'; '.join(WAYS)}")
    if not found or len(set(found)) < len(found):
        raise ValueError("name at least one way, and each of them once")
    return tuple(WAYS[name] for name in found)
