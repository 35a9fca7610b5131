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
from wsdemo.rivals.push import RawServer, WebSocketServer
from wsdemo.rivals.standard import StandardServer
from wsdemo.rivals.strong import StarletteServer


class Server(Protocol):
    """What every server of news has."""

    about: str  #: what it is, in a few words
    port: int

    def publish(self, text: str) -> None:
        """Tell the next event, from any thread."""

    def ready(self, clients: int, timeout: float) -> None:
        """Return when what is published reaches so many clients; TimeoutError."""

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
    server: Callable[[], Server] = field(repr=False)
    keep_alive: bool = True  #: polls share a connection; else each opens its own


def _ways() -> Iterable[Way]:
    kinds: tuple[tuple[str, Callable[..., Client]], ...] = (
        ("short polling", ShortPolling),
        ("long polling", LongPolling),
        ("SSE", ServerSent),
    )
    for name, client in kinds:
        yield Way(name, client, StandardServer)
        yield Way(f"{name}, Starlette", client, StarletteServer)
        if client is not ServerSent:
            yield Way(f"{name}, no keep-alive", client, StandardServer, keep_alive=False)
            yield Way(f"{name}, Starlette, no keep-alive", client, StarletteServer, keep_alive=False)
    yield Way("WebSocket", WebSocketClient, WebSocketServer)
    yield Way("raw TCP", RawClient, RawServer)


#: All of them. HTTP is served by the standard library's `http.server` unless the name says Starlette.
WAYS: Final[dict[str, Way]] = {way.name: way for way in _ways()}

#: The five that a lesson compares first.
FIVE: Final = ("short polling", "long polling", "SSE", "WebSocket", "raw TCP")

#: The same with the strong HTTP server.
STRONG: Final = (
    "short polling, Starlette",
    "long polling, Starlette",
    "SSE, Starlette",
    "WebSocket",
    "raw TCP",
)


def find(names: Iterable[str]) -> tuple[Way, ...]:
    """The ways of these names; ValueError that lists what there is."""
    found = tuple(names)
    for name in found:
        if name not in WAYS:
            raise ValueError(f"no way is called {name!r}; there are: {'; '.join(WAYS)}")
    if not found or len(set(found)) < len(found):
        raise ValueError("name at least one way, and each of them once")
    return tuple(WAYS[name] for name in found)
