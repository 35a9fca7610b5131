"""Every bound in one place, with its unit and its default.

An attacker sends whatever costs you most: a length without data, fragments without end, headers without
end, or almost nothing, slowly. Each has its bound here, on both sides, and each default is safe.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Literal, get_args

from .arguments import check_kind, check_seconds, check_whole, wrong_value

KiB = 1024
MiB = 1024 * KiB

Overflow = Literal["close", "drop", "latest"]

#: Seconds of the longest timeout, 31 years: clocks count no further than some centuries.
LONGEST: Final = 1e9
#: Bounds that may be 0; with any other at 0 nothing at all would pass.
MAY_BE_ZERO: Final = ("message_size", "first_message_size", "body_size", "high_water", "buffer_size")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a connection and of a server: sizes in bytes, times in seconds, ``None`` for no bound.

    Raises TypeError or ValueError, with the name of the bound, for a value that it can't have.

    >>> Limits(message_size=4096).message_size
    4096
    """

    # a message
    message_size: int = 1 * MiB  # joined and inflated; beyond it 1009, told from the header
    first_message_size: int = 4 * KiB  # before `first_message` has accepted the peer; beyond it 1009
    fragments: int = 1024  # frames of one message, empty ones count; beyond it 1008

    # the HTTP head and body
    request_line: int = 8 * KiB  # beyond it 414
    header_field: int = 8 * KiB  # one field line; beyond it 431
    header_fields: int = 100  # their number; beyond it 431
    head_size: int = 32 * KiB  # the whole head; beyond it 431
    body_size: int = 64 * KiB  # of a request to a plain route; beyond it 413

    # time
    open_timeout: float = 10.0  # the whole opening, TLS included; beyond it 408
    close_timeout: float = 5.0  # the closing handshake; beyond it the TCP connection is dropped
    ping_interval: float | None = 20.0  # silence of the peer after which a ping is sent
    pong_timeout: float | None = 20.0  # from the ping to any bytes in answer; beyond it 1011
    write_timeout: float = 10.0  # in which a socket takes no byte; beyond it the connection is dropped
    idle_timeout: float | None = None  # without a message; beyond it 1000; off by default

    # buffers
    high_water: int = 64 * KiB  # of the out-buffer; beyond it `send` blocks, outside handlers
    buffer_size: int = 1 * MiB  # of the out-buffer; beyond it `overflow` decides, in handlers
    overflow: Overflow = "close"  # or "drop" the new message, or keep only the "latest"; close is with 1008
    inbox_messages: int = 1024  # beyond it the socket is not read until there is room
    inbox_size: int = 1 * MiB
    turn_size: int = 64 * KiB  # input handled per connection and turn of the reactor

    # a server
    connections: int = 10_000  # beyond it 503
    handshakes: int = 256  # unfinished ones; beyond it 503
    per_address: int | None = None  # connections of one IP address; off by default
    backlog: int = 1024  # of the listening socket

    def __post_init__(self) -> None:
        for field in fields(self):
            name, value = field.name, getattr(self, field.name)
            if name == "overflow":
                if value not in get_args(Overflow):
                    raise wrong_value(name, value, "'close', 'drop' or 'latest'")
            elif value is None and str(field.type).endswith("None"):
                pass
            elif str(field.type).startswith("float"):
                check_seconds(name, value, LONGEST)
            else:
                check_whole(name, value, 0 if name in MAY_BE_ZERO else 1)


#: The bounds that hold where none are given.
DEFAULT_LIMITS: Final = Limits()


def limits_or_default(limits: Limits | None) -> Limits:
    """The value of an option ``limits``; TypeError for anything but a Limits or None."""
    check_kind("limits", limits, (Limits, type(None)), "a Limits, or None for the defaults")
    return DEFAULT_LIMITS if limits is None else limits
