"""The bytes that a socket has not taken yet, in order. Knows nothing of sockets and threads."""

from __future__ import annotations

import collections
from typing import Final

#: Bytes that one ``send`` is offered when many small pieces wait.
GATHER: Final = 64 * 1024


class Outbox:
    """A queue of pieces: many small ones leave as one, a large one as it is.

    >>> outbox = Outbox(b"one")
    >>> outbox.append(b"two")
    >>> outbox.take()
    b'onetwo'
    >>> outbox.put_back(b"wo")
    >>> bool(outbox), outbox.take(), bool(outbox)
    (True, b'wo', False)
    """

    __slots__ = ("_pieces",)

    def __init__(self, data: bytes | memoryview) -> None:
        self._pieces = collections.deque([data])

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def append(self, data: bytes | memoryview) -> None:
        """Add a piece behind the others."""
        self._pieces.append(data)

    def put_back(self, data: bytes | memoryview) -> None:
        """Return the rest of what `take` gave."""
        self._pieces.appendleft(data)

    def take(self) -> bytes | memoryview:
        """Remove and give the next bytes to send."""
        pieces = self._pieces
        first = pieces.popleft()
        if not pieces or len(first) >= GATHER:
            return first
        taken, size = [first], len(first)
        while pieces and size + len(pieces[0]) <= GATHER:
            taken.append(pieces.popleft())
            size += len(taken[-1])
        return b"".join(taken) if len(taken) > 1 else first
