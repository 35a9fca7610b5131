"""The messages of a server of rooms, counted by their type: for those who run it.

::

    sending('{"type":"confirm","n":7}')        sent      confirm 1
    broadcast to 1,000 members                 sent      message 1,000

Pure: it knows nothing of connections.
"""

from __future__ import annotations

import collections
from dataclasses import dataclass, field
from typing import Final

#: Characters before the type in a message of ours.
TYPE: Final = len('{"type":"')
#: Characters of a type at most; the rest of a message is not looked at.
LONGEST: Final = 12


@dataclass(slots=True)
class MessageCounts:
    """The messages of a server's clients so far, by type; of those sent, one for each receiver."""

    received: collections.Counter[str] = field(default_factory=collections.Counter)
    sent: collections.Counter[str] = field(default_factory=collections.Counter)
    missed: int = 0  #: volatile messages that a slow member did not get

    def sending(self, text: str, receivers: int = 1) -> None:
        """A message leaves.

        >>> figures = MessageCounts()
        >>> figures.sending('{"type":"confirm","n":7}'); figures.sent
        Counter({'confirm': 1})
        """
        self.sent[text[TYPE : TYPE + LONGEST].partition('"')[0]] += receivers
