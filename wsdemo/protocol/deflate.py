"""Compression: the extension permessage-deflate (RFC 7692).

::

    client offers     permessage-deflate; client_max_window_bits; server_no_context_takeover
    server accepts    permessage-deflate; client_max_window_bits=12; server_no_context_takeover

    sending           "Hello" ──DEFLATE, flush──► f2 48 cd c9 c9 07 00 00 00 ff ff ──cut──► f2 … 07 00
    receiving         f2 … 07 00 ──append──► f2 48 cd c9 c9 07 00 00 00 ff ff ──INFLATE──► "Hello"

Each direction has two parameters. *Context takeover*: the next message may refer to this one's text, which
compresses better and keeps memory for as long as the connection lives. *Window bits*: how far back a
reference may reach, 2^8 to 2^15 bytes. Knows nothing of frames.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from .arguments import check_flag, check_kind, check_whole
from .codes import Side
from .errors import HandshakeError, InvalidData, MessageTooBig, PolicyViolation
from .extensions import parse_extensions

NAME: Final = "permessage-deflate"
#: What every flush ends with, so it need not travel (RFC 7692 §7.2.1): an empty stored block's lengths.
TAIL: Final = b"\x00\x00\xff\xff"
#: The most DEFLATE blocks marked as final that one message may have: each one costs a new stream.
FINAL_BLOCKS: Final = 16

_BITS: Final = {str(bits): bits for bits in range(8, 16)}  # "without leading zeroes" (RFC 7692 §7.1.2)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters that both ends agreed on (RFC 7692 §7.1), and three settings of our own compressor.

    ``level`` 1 (fast) to 9 (small); ``memory_level`` 1 to 9: 1 KiB to 256 KiB while compressing; messages
    under ``threshold`` bytes are sent uncompressed: they would hardly shrink.
    """

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int = 15
    client_max_window_bits: int = 15
    level: int = 6
    memory_level: int = 5
    threshold: int = 64

    def without_takeover(self) -> Parameters:
        """The same without context takeover: each message can be read without those before it.

        A sender may do so at any time, the receiver need not know.
        """
        return replace(self, server_no_context_takeover=True, client_no_context_takeover=True)

    def deflater(self, side: Side, *, fragments: bool = False) -> Deflater:
        """The compressor for the messages that ``side`` sends; connections share it where it keeps nothing.

        ``fragments``: for a message in fragments, between which a compressor always keeps its text.
        """
        if side is Side.SERVER:
            takeover, bits = not self.server_no_context_takeover, self.server_max_window_bits
        else:
            takeover, bits = not self.client_no_context_takeover, self.client_max_window_bits
        if takeover or fragments:
            return Deflater(bits, level=self.level, memory_level=self.memory_level)
        return _shared_deflater(bits, self.level, self.memory_level)

    def inflater(self, side: Side) -> Inflater:
        """The decompressor for the messages that ``side`` receives."""
        if side is Side.SERVER:
            return Inflater(self.client_max_window_bits, takeover=not self.client_no_context_takeover)
        return Inflater(self.server_max_window_bits, takeover=not self.server_no_context_takeover)


@dataclass(frozen=True, slots=True)
class Deflate:
    """The compression that we ask for: the most that each direction should keep. TypeError for wrong kinds.

    Without context takeover, the default, an idle connection keeps nothing, and a broadcast is compressed
    once for all. With it, a connection that has talked keeps about 40 KiB at these sizes. A server decides;
    a client asks, and takes whatever the server answers (see ``agreed``).
    """

    server_context_takeover: bool = False
    client_context_takeover: bool = False
    server_max_window_bits: int = 12
    client_max_window_bits: int = 12
    level: int = 6
    memory_level: int = 5
    threshold: int = 64

    def __post_init__(self) -> None:
        check_flag("server_context_takeover", self.server_context_takeover)
        check_flag("client_context_takeover", self.client_context_takeover)
        check_whole("server_max_window_bits", self.server_max_window_bits, 8, 15)
        check_whole("client_max_window_bits", self.client_max_window_bits, 8, 15)
        check_whole("level", self.level, 0, 9)
        check_whole("memory_level", self.memory_level, 1, 9)
        check_whole("threshold", self.threshold, 0)

    @classmethod
    def of(cls, compression: object) -> Deflate | None:
        """The value of an option ``compression``: True or "deflate", False or None, a Deflate; or TypeError.

        >>> Deflate.of("deflate") == Deflate(), Deflate.of(None)
        (True, None)
        """
        if compression is True or compression == "deflate":
            return cls()
        if compression is False or compression is None:
            return None
        check_kind("compression", compression, cls, "True, False, or a Deflate")
        assert isinstance(compression, cls)
        return compression

    def offer(self) -> str:
        """The value of Sec-WebSocket-Extensions in a client's request.

        >>> Deflate(server_context_takeover=True).offer()
        'permessage-deflate; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=12'
        """
        return _value(
            not self.server_context_takeover,
            not self.client_context_takeover,
            self.server_max_window_bits if self.server_max_window_bits < 15 else None,
            self.client_max_window_bits if self.client_max_window_bits < 15 else "",
        )

    def accept(
        self, offers: Iterable[tuple[str, Sequence[tuple[str, str | None]]]]
    ) -> tuple[Parameters, str] | None:
        """A server's choice: the first offer that is acceptable, and the value to answer with; or None.

        "A server MUST decline an extension negotiation offer" with a wrong or unknown parameter
        (RFC 7692 §7.1); the client may have offered something simpler after it.

        >>> offer = ("permessage-deflate", [("client_max_window_bits", "10")])
        >>> parameters, answer = Deflate(client_context_takeover=True).accept([offer])
        >>> answer
        'permessage-deflate; server_no_context_takeover; server_max_window_bits=12; client_max_window_bits=10'
        """
        for name, offer in offers:
            if name != NAME:
                continue
            try:
                asked = _read(offer, bare_client_bits=True)
            except ValueError:
                continue
            server_alone = not self.server_context_takeover or "server_no_context_takeover" in asked
            client_alone = not self.client_context_takeover or "client_no_context_takeover" in asked
            server_bits = min(self.server_max_window_bits, asked.get("server_max_window_bits", 15))
            client_bits = None
            if "client_max_window_bits" in asked:  # else the answer MUST NOT have it (§7.1.2.2)
                client_bits = min(self.client_max_window_bits, asked["client_max_window_bits"])
            told = server_bits if server_bits < 15 or "server_max_window_bits" in asked else None
            answer = _value(server_alone, client_alone, told, client_bits)
            return self._parameters(server_alone, client_alone, server_bits, client_bits or 15), answer
        return None

    def agreed(self, answer: Sequence[tuple[str, str | None]]) -> Parameters:
        """The parameters in the answer to our ``offer`` (RFC 7692 §7.1); ``HandshakeError`` for wrong ones.

        Many servers know neither window bits nor context takeover, and leave out what we asked for. That is
        a window of 2^15 bytes and context takeover: up to 40 KiB that such a connection keeps to inflate.

        >>> Deflate().agreed([("server_max_window_bits", "10"), ("server_no_context_takeover", None)])
        Parameters(server_no_context_takeover=True, client_no_context_takeover=True, \
server_max_window_bits=10, client_max_window_bits=12, level=6, memory_level=5, threshold=64)
        """
        try:
            told = _read(answer, bare_client_bits=False)
        except ValueError as error:
            raise HandshakeError(f"the server's {NAME}: {error}", 101) from None
        # "The client does not support the configuration that the response represents" (§7.1): we inflate any.
        # What concerns our own messages are hints (§7.1.1.2, §7.1.2.2): we keep to them in any case.
        return self._parameters(
            "server_no_context_takeover" in told,
            not self.client_context_takeover or "client_no_context_takeover" in told,
            told.get("server_max_window_bits", 15),
            min(self.client_max_window_bits, told.get("client_max_window_bits", 15)),
        )

    def _parameters(self, server_alone: bool, client_alone: bool, server: int, client: int) -> Parameters:
        own = (self.level, self.memory_level, self.threshold)
        return _shared_parameters(server_alone, client_alone, server, client, *own)


#: The configuration that accepts any parameters of a server: for records of other programs.
ANYTHING: Final = Deflate(
    server_context_takeover=True,
    client_context_takeover=True,
    server_max_window_bits=15,
    client_max_window_bits=15,
)


def parameters_in(extensions: str) -> Parameters | None:
    """The compression named in an answer's Sec-WebSocket-Extensions; None for none, and for nonsense.

    >>> parameters_in("permessage-deflate; server_max_window_bits=10").server_max_window_bits
    10
    """
    try:
        for name, parameters in parse_extensions(extensions) if extensions else []:
            if name == NAME:
                return ANYTHING.agreed(parameters)
    except HandshakeError:
        pass  # ``handshake.check`` says what is wrong with it
    return None


class Deflater:
    """Compresses messages, one after the other.

    Without takeover it keeps no text between messages, so all connections share one: see ``Parameters``.
    """

    __slots__ = ("_arguments", "_streams", "takeover")

    def __init__(
        self, bits: int = 15, *, takeover: bool = True, level: int = 6, memory_level: int = 5
    ) -> None:
        # zlib has no window of 2^8 bytes. With 2^9 and Z_RLE, which refers back by one byte only, its output
        # fits a window of any size, so it may be sent to a peer that allows no more than 8 bits.
        strategy = zlib.Z_RLE if bits == 8 else zlib.Z_DEFAULT_STRATEGY
        self._arguments = (level, zlib.DEFLATED, -max(bits, 9), memory_level, strategy)
        self._streams: list[Any] = []  # made when first needed: one takes about 40 KiB
        self.takeover = takeover

    def deflate(self, data: bytes, fin: bool = True) -> bytes:
        """The payload of a compressed message (RFC 7692 §7.2.1), or of a fragment of one.

        >>> Deflater().deflate(b"Hello").hex(" ")
        'f2 48 cd c9 c9 07 00'
        """
        if not data:
            return b"\x00" if fin else b""  # RFC 7692 §7.2.3.6
        # Taking from a list is atomic: two threads never hold the same stream.
        try:
            stream = self._streams.pop()
        except IndexError:
            stream = zlib.compressobj(*self._arguments)
        # A full flush forgets the text, for 0.5 µs less than a new stream, and gives the same bytes.
        flush = zlib.Z_SYNC_FLUSH if self.takeover else zlib.Z_FULL_FLUSH
        packed: bytes = stream.compress(data) + stream.flush(flush)
        if len(self._streams) < 4:
            self._streams.append(stream)
        return packed[: -len(TAIL)] if fin else packed


class Inflater:
    """Decompresses messages, one after the other, each to at most the given size."""

    __slots__ = ("_bits", "_stream", "takeover")

    def __init__(self, bits: int = 15, *, takeover: bool = True) -> None:
        self._bits = -max(bits, 9)  # more than agreed does no harm; some peers take 8 for 9, as zlib did
        self._stream: Any = None  # made when first needed: one takes 4.4 KiB, and its window comes on top
        self.takeover = takeover

    def inflate(self, payload: bytes, limit: int) -> bytes:
        """The message (RFC 7692 §7.2.2), of at most ``limit`` bytes.

        ``MessageTooBig`` where it would be more: a few KiB can inflate to a thousand times as much, so the
        bound holds while inflating. ``InvalidData`` where it is no DEFLATE data, ``PolicyViolation`` for too
        many final blocks. After an error it must not be used again.

        >>> Inflater().inflate(bytes.fromhex("f248cdc9c90700"), limit=5)
        b'Hello'
        """
        if not payload:  # zlib gives nothing for nothing, so naive peers send it for an empty message
            return b""
        stream = self._stream or zlib.decompressobj(self._bits)
        try:
            data: bytes = stream.decompress(payload + TAIL, limit + 1)
            if stream.eof:
                stream, data = self._follow(stream, data, limit)
        except zlib.error as error:
            raise InvalidData(f"compressed message: {error}", section="RFC 7692 §7.2.2") from None
        if len(data) > limit:
            raise MessageTooBig(
                f"message inflates to over {limit} bytes, at most {limit} accepted", section="RFC 6455 §10.4"
            )
        if self.takeover:
            self._stream = stream
        return data

    def _follow(self, stream: Any, data: bytes, limit: int) -> tuple[Any, bytes]:
        """A final block (BFINAL=1) ends zlib's stream, but not our message: go on (RFC 7692 §7.2.3.4).

        What follows may refer to this message's text. (Further back zlib keeps nothing, and a peer whose
        compressor has finished a stream starts it anew.)
        """
        for _ in range(FINAL_BLOCKS):
            if not stream.eof or len(data) > limit:
                return stream, data
            rest = stream.unused_data
            stream = zlib.decompressobj(self._bits, zdict=data[-(1 << 15) :])
            if TAIL.endswith(rest):  # the block was the last thing in the payload
                return stream, data
            data += stream.decompress(rest, limit + 1 - len(data))
        raise PolicyViolation(
            f"over {FINAL_BLOCKS} final DEFLATE blocks in a message", section="RFC 6455 §10.4"
        )


def compressed_bound(size: int) -> int:
    """The largest compressed form of ``size`` bytes: an eighth more, for codes of nine bits, and some blocks.

    Bounds what is kept of a compressed message before it is inflated.
    """
    return size + (size >> 3) + 64


#: One value for all connections that agreed on the same.
_shared_parameters: Final = functools.lru_cache(1024)(Parameters)


@functools.cache
def _shared_deflater(bits: int, level: int, memory_level: int) -> Deflater:
    return Deflater(bits, takeover=False, level=level, memory_level=memory_level)


def _value(
    server_alone: bool, client_alone: bool, server_bits: int | None, client_bits: int | str | None
) -> str:
    """One offer or answer; "" stands for client_max_window_bits without a number."""
    parts = [NAME]
    if server_alone:
        parts.append("server_no_context_takeover")
    if client_alone:
        parts.append("client_no_context_takeover")
    if server_bits is not None:
        parts.append(f"server_max_window_bits={server_bits}")
    if client_bits is not None:
        parts.append(f"client_max_window_bits={client_bits}" if client_bits else "client_max_window_bits")
    return "; ".join(parts)


def _read(parameters: Iterable[tuple[str, str | None]], bare_client_bits: bool) -> dict[str, int]:
    """Parameters as numbers (1 for "there"); ``ValueError`` for what RFC 7692 §7.1 does not know."""
    found: dict[str, int] = {}
    for name, value in parameters:
        if name in found:
            raise ValueError(f"parameter {name} is there twice")
        if name in ("server_no_context_takeover", "client_no_context_takeover") and value is None:
            found[name] = 1
        elif name == "client_max_window_bits" and value is None and bare_client_bits:
            found[name] = 15
        elif name in ("server_max_window_bits", "client_max_window_bits") and value in _BITS:
            found[name] = _BITS[value]
        else:
            raise ValueError(f"parameter {name!a}={value!a} is not one of RFC 7692")
    return found
