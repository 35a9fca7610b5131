"""The facts about a wire: bytes and times. Knows nothing of sockets, HTTP or frames."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

End = Literal["client", "server"]
Direction = Literal["to server", "to client"]
Layer = Literal["plain", "tls"]
What = Literal["open", "eof", "reset", "closed", "full"]

TO_SERVER: Final = "to server"
TO_CLIENT: Final = "to client"


class Chunk(NamedTuple):
    """Bytes that one call of ``send`` handed to the kernel, or one call of ``recv`` took from it."""

    time: float  #: seconds on the record's clock
    connection: int  #: 1, 2, 3 … in the order in which the connections appeared
    end: End  #: the tap that saw it, the client's or the server's
    direction: Direction
    data: bytes
    layer: Layer  #: "plain": the bytes of the program; "tls": those on the wire

    @property
    def sent(self) -> bool:
        """Whether the end that saw it sent it, rather than received it."""
        return (self.end == "client") == (self.direction == TO_SERVER)


class Mark(NamedTuple):
    """Something that happened to a connection and has no bytes of its own."""

    time: float
    connection: int
    end: End
    #: "open"; "eof": the peer will send no more; "reset"; "closed": this end closed the socket; "full": there
    #: was no room for bytes of this end, and none of those that follow are on record
    what: What
