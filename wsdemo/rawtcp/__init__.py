"""The beginning of the course: text messages over plain TCP, each behind a header with its length.

Read `framing`, then `link`, then `server` and `client`. The WebSocket server stands on the same reactor and
wire (`wsdemo.net`).
"""

from wsdemo.rawtcp.client import TimeClient
from wsdemo.rawtcp.framing import HEADER, parse, parse_header, serialize
from wsdemo.rawtcp.server import Peer, TimeServer

__all__ = ["HEADER", "Peer", "TimeClient", "TimeServer", "parse", "parse_header", "serialize"]
