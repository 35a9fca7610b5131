"""Every bound of the chat, as one frozen value: those of its rooms, of its connections, and of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from wsdemo.patterns.session import RoomLimits
from wsdemo.protocol.limits import KiB, Limits


@dataclass(frozen=True, slots=True)
class ChatLimits:
    """The bounds of a `Chat`: sizes in bytes, times in seconds, rates as (a second, burst).

    Raises ValueError where the connections take no message as large as the rooms do.
    """

    rooms: RoomLimits = field(default_factory=RoomLimits)  # 64 KiB a message, 50 a second, 64 channels …
    #: A message is a little larger than what is in it. All may come back at once after a restart.
    net: Limits = field(
        default_factory=lambda: Limits(message_size=72 * KiB, body_size=4 * KiB, handshakes=2_000)
    )
    logins: tuple[float, float] = (5 / 60, 5)  # `Members`: of one name, and from one address; beyond it 429
    records: int = 100  # connections that are recorded for their page; the others have no record
    packets: int = 500  # of one connection on record; the oldest go
    names: int = 10_000  # of guests; beyond it 503
    names_kept: float = 86_400.0  # in which a guest's name is not used; after it anyone may have it

    def __post_init__(self) -> None:
        if not self.net.message_size > self.rooms.size:  # 1009, and a client that does not come back
            sizes = f"net.message_size: got {self.net.message_size}, rooms.size: got {self.rooms.size}"
            raise ValueError(f"{sizes}, expected the first one to be larger")


#: The bounds that hold where none are given.
CHAT_LIMITS: Final = ChatLimits()
