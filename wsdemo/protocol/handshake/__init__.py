r"""The opening handshake: how HTTP stops being HTTP (RFC 6455 §4).

::

    client                                                server
      GET /chat HTTP/1.1                           ────►
      Host: example.com                                     accept(): is this a WebSocket client?
      Upgrade: websocket                                    may it come in?
      Connection: Upgrade
      Sec-WebSocket-Version: 13
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
                                                   ◄────  HTTP/1.1 101 Switching Protocols
      check(): did it read this very request?             Upgrade: websocket
                                                          Connection: Upgrade
                                                          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
      frames                                       ◄───►  frames

Each side has a pair: ``request`` and ``check`` for the client, ``accept`` and ``refusal`` for the server.
Values in, values out: knows nothing of sockets, and nothing of frames.
Read ``fields`` first, then ``server``, then ``client``.
"""

from __future__ import annotations

from ..extensions import parse_extensions
from ..url import URL, parse_url
from .client import Agreed, check, request
from .fields import (
    GUID,
    VERSION,
    accept_key,
    check_hosts,
    check_origins,
    check_subprotocols,
    fresh_key,
    is_key,
)
from .server import Accepted, accept, check_host, check_origin, check_upgrade, own_origin, refusal

__all__ = [
    "GUID",
    "URL",
    "VERSION",
    "Accepted",
    "Agreed",
    "accept",
    "accept_key",
    "check",
    "check_host",
    "check_hosts",
    "check_origin",
    "check_origins",
    "check_subprotocols",
    "check_upgrade",
    "fresh_key",
    "is_key",
    "own_origin",
    "parse_extensions",
    "parse_url",
    "refusal",
    "request",
]
