"""Rights: who may do what in which channel, the default ``may`` of a chat.

::

    #lobby, #anything   all who are logged in
    #time               all read, the server alone sends
    #staff              the members named here; for all others it looks as if it did not exist
    @ann                all publish, ann alone reads: `rooms` sees to that itself
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

#: The channel to which the server sends the time and its own state.
TIME: Final = "#time"


@dataclass(frozen=True)
class Rights:
    """Rights by channel. ``read_only``: rooms in which users send nothing; ``members``: rooms for some users.

    >>> may = Rights(members={"#staff": {"ann"}})
    >>> may("ann", "join", "#staff"), may("bob", "join", "#staff"), may("bob", "publish", "#lobby")
    (True, False, True)
    >>> may("bob", "join", "#time"), may("bob", "publish", "#time")
    (True, False)
    """

    read_only: Collection[str] = frozenset([TIME])
    members: Mapping[str, Collection[str]] = field(default_factory=dict)

    def __call__(self, user: str, action: str, channel: str) -> bool:
        """Whether ``user`` may "join", "publish" or "volatile" in ``channel``."""
        if channel in self.read_only and action != "join":
            return False
        return channel not in self.members or user in self.members[channel]
