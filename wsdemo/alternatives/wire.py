r"""The wire checks: bytes that a server of WebSockets may get, and what each one does with them.

::

    Check            bytes behind the handshake          outcome of one server         verdict
    unmasked frame   81 05 68 65 6c 6c 6f                closed with 1002              right
                                                         TCP ended                     ends, no reason
                                                         "hello" came back             wrong

The bytes go out on a socket of our own, behind a handshake that is in order, and what comes back is read
until the server has closed, answered, or is silent. `expected` is what RFC 6455 asks for; where it obliges
only the sender, a check says so by `lenient`: then both are right. Knows no library.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from wsdemo.alternatives import envelope
from wsdemo.alternatives.serving import Serving
from wsdemo.alternatives.speaking import Speaker
from wsdemo.protocol.codes import CloseCode, Opcode, Side
from wsdemo.protocol.frames import Frame, parse

#: Seconds without an answer that count as silence.
SILENCE: Final = 2.0
KEY: Final = bytes.fromhex("37fa213d")

HEARD, PONGED, SILENT, ENDED, RIGHT, ENDS, WRONG = (
    "heard", "pong", "silence", "TCP ended", "right", "ends without the reason", "wrong",
)  # fmt: skip

#: Messages of a room as this server's clients send them: ``say("hello")``.
Say = Callable[[str], bytes]


class Check(NamedTuple):
    """One check: the bytes, and the outcome that RFC 6455 asks for in ``section``."""

    name: str
    section: str
    expected: str
    send: Callable[[Say], bytes]
    lenient: bool = False  # the RFC obliges the sender: taking it is no fault


class Reaction(NamedTuple):
    """The reaction of one server to a check: ``1002`` and the like is the code of its close frame."""

    check: Check
    did: str

    @property
    def verdict(self) -> str:
        """`RIGHT`, `ENDS` (it ends the connection, but not for that reason), or `WRONG`.

        >>> Reaction(Check("", "", "1002", lambda say: b""), "1000").verdict
        'ends without the reason'
        """
        check = self.check
        if self.did == check.expected or (check.lenient and self.did == HEARD):
            return RIGHT
        if check.expected.isdigit() and (self.did == ENDED or self.did.isdigit()):
            return ENDS
        return WRONG

    @property
    def row(self) -> dict[str, str]:
        """All of it, for a file or a picture."""
        check = self.check
        return {
            "check": check.name,
            "section": check.section,
            "expected": check.expected,
            "did": self.did,
            "verdict": self.verdict,
        }


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv1: bool = False, masked: bool = True
) -> bytes:
    """The bytes of a client's frame."""
    return Frame(opcode, payload, fin, rsv1, masking_key=KEY if masked else None).serialize()


def text(payload: bytes, **bits: bool) -> bytes:
    """A text frame."""
    return frame(Opcode.TEXT, payload, **bits)


def with_length(length: bytes, payload: bytes = b"") -> bytes:
    """A masked text frame with its length as given: one byte, or its mark and what follows."""
    shortest = text(payload)
    return shortest[:1] + bytes([0x80 | length[0]]) + length[1:] + KEY + shortest[6:]


def close(payload: bytes) -> bytes:
    """A close frame."""
    return frame(Opcode.CLOSE, payload)


def cut(payload: bytes, at: int, between: bytes = b"") -> bytes:
    """A text in two frames, and what is sent between them."""
    return text(payload[:at], fin=False) + between + frame(Opcode.CONTINUATION, payload[at:])


#: All of them, in the order of the RFC.
CHECKS: Final = (
    Check("frame without a mask", "5.1", "1002", lambda say: text(say("hello"), masked=False)),
    Check("reserved bit set", "5.2", "1002", lambda say: text(say("hello"), rsv1=True)),
    Check("reserved opcode 3", "5.2", "1002", lambda say: frame(3, say("hello"))),
    Check(
        "length 5 in two bytes",
        "5.2",
        "1002",
        lambda say: with_length(b"\x7e" + len(say("hello")).to_bytes(2), say("hello")),
        lenient=True,
    ),
    Check("length with its top bit set", "5.2", "1002", lambda say: with_length(b"\x7f\x80" + bytes(7))),
    Check("a length of a terabyte", "10.4", "1009", lambda say: with_length(b"\x7f" + (1 << 40).to_bytes(8))),
    Check("continuation of nothing", "5.4", "1002", lambda say: frame(Opcode.CONTINUATION, say("hello"))),
    Check(
        "text inside a message",
        "5.4",
        "1002",
        lambda say: text(say("hel")[:-1], fin=False) + text(say("hello")),
    ),
    Check("text in two frames", "5.4", HEARD, lambda say: cut(say("hello"), 3)),
    Check("a ping between them", "5.4", HEARD, lambda say: cut(say("hello"), 3, frame(Opcode.PING))),
    Check("ping of 126 bytes", "5.5", "1002", lambda say: frame(Opcode.PING, bytes(126))),
    Check("ping in two frames", "5.5", "1002", lambda say: frame(Opcode.PING, b"p", fin=False)),
    Check("close code is sent back", "5.5.1", "3000", lambda say: close(b"\x0b\xb8bye")),
    Check("close frame of one byte", "5.5.1", "1002", lambda say: close(b"\x03")),
    Check("ping is answered", "5.5.2", PONGED, lambda say: frame(Opcode.PING, b"are you there?")),
    Check("close code 1005 on the wire", "7.4.1", "1002", lambda say: close(b"\x03\xed")),
    Check("close reason that is no UTF-8", "8.1", "1007", lambda say: close(b"\x03\xe8\xff")),
    Check("text that is no UTF-8", "8.1", "1007", lambda say: text(say("hello").replace(b"e", b"\xff"))),
    Check("character cut by a frame", "8.1", HEARD, lambda say: cut(say("hé"), say("hé").index(b"\xc3") + 1)),
    Check("text without a character", "5.2", HEARD, lambda say: text(say(""))),
)


def run(server: Serving, check: Check, silence: float = SILENCE) -> Reaction:
    """Send the bytes of a check to the room of a server, and see what it does."""
    wrap = envelope.event if server.alternative.envelope else str
    with Speaker(server) as speaker:
        with contextlib.suppress(ConnectionError):
            speaker.write(check.send(lambda words: wrap(words).encode()))
        return Reaction(check, _outcome(speaker.sock, check, silence))


def _outcome(sock: socket.socket, check: Check, silence: float) -> str:
    """Read until something says what the server thinks of it."""
    deadline = time.monotonic() + silence
    data = b""
    while (left := deadline - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            more = sock.recv(1 << 16)
        except TimeoutError:
            break
        except ConnectionError:
            return ENDED
        data += more
        while (found := parse(data, side=Side.CLIENT)) is not None:
            data = data[found[1] :]
            if did := _meaning(found[0], check):
                return did
        if not more:
            return ENDED
    return SILENT


def _meaning(answer: Frame, check: Check) -> str:
    """The meaning of a frame of the server for the check; empty: none."""
    match answer.opcode:
        case Opcode.CLOSE:
            return str(int.from_bytes(answer.payload[:2])) if answer.payload else str(int(CloseCode.NO_CODE))
        case Opcode.PONG:
            return PONGED if check.expected == PONGED else ""
        case Opcode.TEXT | Opcode.BINARY:
            return HEARD
    return ""
