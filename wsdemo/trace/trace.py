"""A trace: a record that explains itself, as packets, and as files.

::

    Transport ──tap──► chunks, marks            the facts          Record
                          └──► packets          their meaning      Trace, by the parser of the connection

The parts that explain are loaded when they are first needed. Knows nothing of sockets.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from wsdemo.record.facts import Chunk, Mark
from wsdemo.record.record import DEFAULT_LIMIT, Record

if TYPE_CHECKING:
    from wsdemo.trace.dissect import Dissector
    from wsdemo.trace.packets import FramePacket, Packet, RequestPacket, ResponsePacket


class Trace(Record):
    """A growing record of the bytes on one or many connections, and their meaning.

    ``clock`` gives seconds; ``limit`` bounds the bytes that are kept.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, limit: int = DEFAULT_LIMIT) -> None:
        super().__init__(clock=clock, limit=limit)
        self._dissector: Dissector | None = None  # made when packets are first asked for

    @property
    def packets(self) -> Sequence[Packet]:
        """The packets by time; see ``wsdemo.trace.dissect``. Cheap to ask for again and again."""
        return self._dissected().packets()

    @property
    def requests(self) -> Sequence[RequestPacket]:
        """The HTTP requests among the packets."""
        return self._dissected().requests()

    @property
    def responses(self) -> Sequence[ResponsePacket]:
        """The HTTP responses among the packets."""
        return self._dissected().responses()

    @property
    def frames(self) -> Sequence[FramePacket]:
        """The WebSocket frames among the packets."""
        return self._dissected().frames()

    def news(self) -> list[Packet]:
        """The packets that became complete since the last call, each once, in that order."""
        return self._dissected().news()

    def save(self, path: str | os.PathLike[str], *, redact: bool = True) -> None:
        """Write the record to a file of JSON lines; see ``wsdemo.trace.files``, also for its errors."""
        from wsdemo.trace.files import save

        save(self, path, redact=redact)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Trace:
        """A record that ``save`` has written. ``ValueError`` names the line that is wrong."""
        from wsdemo.trace.files import load

        trace = cls(clock=lambda: 0.0)
        load(path, trace)
        return trace

    def to_pcap(self, path: str | os.PathLike[str], *, redact: bool = True) -> None:
        """Write the record as a capture that Wireshark opens; see ``wsdemo.trace.pcap``.

        On some ports Wireshark expects another protocol: ``wireshark -r FILE -d tcp.port==PORT,http``
        ('Decode As' in its menu) shows the frames on any.
        """
        from wsdemo.trace.pcap import write

        write(self, path, redact=redact)

    def clear(self) -> None:
        """Forget the chunks and marks so far; connections keep their numbers, and what they agreed on."""
        self.take()

    def take(self) -> tuple[list[Chunk], list[Mark]]:
        """Return the chunks and marks so far, and forget them as `clear` does."""
        chunks = self._dissected().take()
        self.size = sum(len(chunk.data) for chunk in list(self.chunks))  # those that came in the meantime
        self.dropped = 0
        marks = self.marks[:]
        del self.marks[: len(marks)]  # in one step: others are appending
        return chunks, marks

    def _dissected(self) -> Dissector:
        with self._lock:
            if self._dissector is None:
                from wsdemo.trace.dissect import Dissector

                self._dissector = Dissector(self)
            return self._dissector
