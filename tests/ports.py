"""Ports of servers that a test starts later, or again: kept free until then."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from wsdemo.alternatives.serving import reserved_port


@contextlib.contextmanager
def held_port() -> Iterator[int]:
    """A port of 127.0.0.1 that only a server of ours may use; until then it refuses connections."""
    port, sock = reserved_port()
    with sock:
        yield port
