"""permessage-deflate: the RFC's bytes, every parameter, the bound while inflating, and websockets."""

from __future__ import annotations

import itertools
import os
import random
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, PerMessageDeflate
from websockets.frames import Frame as TheirFrame
from websockets.frames import Opcode as TheirOpcode

from wsdemo.protocol.codes import Side
from wsdemo.protocol.deflate import (
    FINAL_BLOCKS,
    NAME,
    TAIL,
    Deflate,
    Deflater,
    Inflater,
    Parameters,
    compressed_bound,
)
from wsdemo.protocol.errors import HandshakeError, InvalidData, MessageTooBig, PolicyViolation

MiB = 1 << 20

#: RFC 7692 §7.2.3: wire bytes, and the message.
VECTORS = [
    ("f2 48 cd c9 c9 07 00", "Hello"),  # §7.2.3.1, one block
    ("f2 48 05 00 00 00 ff ff ca c9 c9 07 00", "Hello"),  # §7.2.3.5, two blocks
    ("00 05 00 fa ff 48 65 6c 6c 6f 00", "Hello"),  # §7.2.3.3, not compressed
    ("f3 48 cd c9 c9 07 00 00", "Hello"),  # §7.2.3.4, BFINAL=1
    ("f3 48 cd c9 c9 07 00", "Hello"),  # the same by a peer that forgot the last byte
    ("f3 48 cd c9 c9 07 00 f2 48 cd c9 c9 07 00", "HelloHello"),  # a final block, and one more
    ("00", ""),  # §7.2.3.6
    ("", ""),  # by a peer that passes on what zlib gives for nothing
    ("02 00", ""),
]


def at(wire: str) -> bytes:
    return bytes.fromhex(wire)


@pytest.mark.parametrize("client", range(9, 16))
@pytest.mark.parametrize("server", range(9, 16))
def test_each_window_that_is_not_the_largest_is_in_the_offer(server: int, client: int) -> None:
    """15 is what goes without saying; a client that names none of its own says that it takes any."""
    offer = Deflate(True, True, server, client).offer()
    assert offer.split("; ") == [
        NAME,
        *([f"server_max_window_bits={server}"] if server < 15 else []),
        f"client_max_window_bits={client}" if client < 15 else "client_max_window_bits",
    ]


@pytest.mark.parametrize("side", Side)
def test_who_keeps_nothing_shares_a_compressor(side: Side) -> None:
    keeps, forgets = Parameters(), Parameters().without_takeover()
    text = os.urandom(100)

    def second(deflater: Deflater) -> int:
        return [len(deflater.deflate(text)) for _ in range(2)][1]

    assert second(keeps.deflater(side)) < 20, "it refers to the first"
    assert second(forgets.deflater(side)) > 100
    assert forgets.deflater(side) is forgets.deflater(side)
    assert keeps.deflater(side) is not keeps.deflater(side)
    for parameters in (keeps, forgets):
        made = [parameters.deflater(side, fragments=True) for _ in range(2)]
        assert made[0] is not made[1]
        assert second(made[0]) < 20


@pytest.mark.parametrize("takeover", [True, False])
@pytest.mark.parametrize(("wire", "text"), VECTORS)
def test_the_vectors_of_the_rfc(wire: str, text: str, takeover: bool) -> None:
    inflater = Inflater(takeover=takeover)
    for _ in range(3):  # also as the second and third message of a connection
        assert inflater.inflate(at(wire), 100) == text.encode()


def test_context_takeover_refers_to_the_message_before() -> None:
    # RFC 7692 §7.2.3.2
    deflater, inflater = Deflater(), Inflater()
    first, second = deflater.deflate(b"Hello"), deflater.deflate(b"Hello")
    assert (first.hex(" "), second.hex(" ")) == ("f2 48 cd c9 c9 07 00", "f2 00 11 00 00")
    assert (inflater.inflate(first, 5), inflater.inflate(second, 5)) == (b"Hello", b"Hello")
    alone = Inflater(takeover=False)
    assert alone.inflate(first, 5) == b"Hello"
    with pytest.raises(InvalidData):  # it has kept nothing to refer to
        alone.inflate(second, 5)


def test_without_takeover_nothing_of_one_message_is_in_the_next() -> None:
    shared = Parameters(server_no_context_takeover=True).deflater(Side.SERVER)
    assert shared is Parameters(server_no_context_takeover=True).deflater(Side.SERVER)
    for size in (1, 5, 100, 5000, 100_000):
        data = os.urandom(size) + b"a" * size
        alone = Deflater(15, takeover=False, memory_level=5).deflate(data)
        for other in (b"secret" * 100, os.urandom(40_000), data):
            shared.deflate(other)
            assert shared.deflate(data) == alone
        assert Inflater(takeover=False).inflate(alone, 2 * size) == data


@pytest.mark.parametrize("bits", range(8, 16))
@pytest.mark.parametrize("takeover", [True, False])
def test_no_reference_reaches_over_the_window(bits: int, takeover: bool) -> None:
    # zlib itself is the judge: an inflater with that very window refuses what reaches further.
    deflater, inflater = Deflater(bits, takeover=takeover), zlib.decompressobj(-bits)
    text = b"".join(b"%d " % (i * i % 1000) for i in range(30_000)) * 2
    for part in (text, text[:100], b"", text[7:999], b"a" * 70_000):
        assert inflater.decompress(deflater.deflate(part) + TAIL) == part


def test_eight_bits_still_compress() -> None:
    assert len(Deflater(8).deflate(b"a" * 1000)) < 50
    # by references to the byte before, never further: "abcdefgh" again and again has none of these
    assert len(Deflater(8).deflate(b"abcdefgh" * 100)) > 250 > 5 * len(Deflater(9).deflate(b"abcdefgh" * 100))


@pytest.mark.parametrize("takeover", [True, False])
def test_the_bound_holds_while_inflating(takeover: bool) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = (packer.compress(bytes(100 * MiB)) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    assert len(bomb) < 110_000
    tracemalloc.start()
    with pytest.raises(MessageTooBig, match=f"inflates to over {MiB} bytes"):
        Inflater(takeover=takeover).inflate(bomb, MiB)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * MiB


@pytest.mark.parametrize("size", [1, 99, 100])
def test_the_bound_is_exact(size: int) -> None:
    packed = Deflater().deflate(b"a" * 100)
    if size == 100:
        assert Inflater().inflate(packed, size) == b"a" * 100
    else:
        with pytest.raises(MessageTooBig):
            Inflater().inflate(packed, size)


def final_blocks(*parts: bytes) -> bytes:
    """Each part as a stream of its own, which ends with a final block."""
    packed = b""
    for part in parts:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed += packer.compress(part) + packer.flush(zlib.Z_FINISH)
    return packed


@pytest.mark.parametrize("limit", [0, 5, 6, 99])
def test_the_bound_holds_behind_a_final_block(limit: int) -> None:
    packed = final_blocks(b"a" * 6, b"b" * 94)
    with pytest.raises(MessageTooBig):
        Inflater().inflate(packed, limit)
    assert Inflater().inflate(packed, 100) == b"a" * 6 + b"b" * 94


@pytest.mark.parametrize("size", [MiB - 1, MiB, MiB + 1])  # zlib takes "at most 0 bytes" for "any number"
def test_a_bomb_behind_a_final_block(size: int) -> None:
    packed = final_blocks(b"a" * size, bytes(50 * MiB))
    tracemalloc.start()
    with pytest.raises(MessageTooBig):
        Inflater().inflate(packed, MiB)
    assert tracemalloc.get_traced_memory()[1] < 6 * MiB
    tracemalloc.stop()


def test_final_blocks_are_counted() -> None:
    assert Inflater().inflate(final_blocks(*[b"ab"] * (FINAL_BLOCKS - 1)), 100) == b"ab" * (FINAL_BLOCKS - 1)
    with pytest.raises(PolicyViolation, match="final DEFLATE blocks"):
        Inflater().inflate(b"\x03\x00" * 500_000, 100)


def test_what_follows_a_final_block_may_refer_to_the_text_before_it() -> None:
    dictionary = b"the quick brown fox"
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=dictionary)
    again = packer.compress(dictionary) + packer.flush(zlib.Z_SYNC_FLUSH)
    packed = final_blocks(dictionary) + again[: -len(TAIL)]
    assert Inflater().inflate(packed, 100) == dictionary * 2


@pytest.mark.parametrize("wire", ["ff ff ff", "07", "f2 48 ff", "00 05 00 00 00 41"])
def test_what_is_no_deflate_data(wire: str) -> None:
    with pytest.raises(InvalidData, match="compressed message"):
        Inflater().inflate(at(wire) * 10, 1000)


def test_nothing_is_kept_until_it_is_needed() -> None:
    parameters = Parameters()
    tracemalloc.start()
    idle = [(Inflater(), parameters.deflater(Side.SERVER)) for _ in range(100)]
    assert tracemalloc.get_traced_memory()[0] / len(idle) < 500
    tracemalloc.stop()


@given(st.binary(max_size=3000))
def test_the_compressed_bound_is_one(data: bytes) -> None:
    for level, memory_level in itertools.product((0, 1, 6, 9), (1, 5, 9)):
        for bits in (8, 9, 15):
            packed = Deflater(bits, level=level, memory_level=memory_level).deflate(data)
            assert len(packed) <= compressed_bound(len(data))


messages = st.lists(st.one_of(st.binary(max_size=400), st.text(max_size=400).map(str.encode)), max_size=6)


@given(messages, st.integers(8, 15), st.booleans(), st.integers(0, 9), st.integers(1, 9))
def test_round_trip(parts: list[bytes], bits: int, takeover: bool, level: int, memory_level: int) -> None:
    deflater = Deflater(bits, takeover=takeover, level=level, memory_level=memory_level)
    inflater = Inflater(bits, takeover=takeover)
    for part in parts:
        assert inflater.inflate(deflater.deflate(part), len(part)) == part


@given(messages)
def test_fragments_of_one_message(parts: list[bytes]) -> None:
    deflater = Parameters(server_no_context_takeover=True).deflater(Side.SERVER, fragments=True)
    pieces = [deflater.deflate(part, fin=False) for part in parts] + [deflater.deflate(b"", fin=True)]
    whole = b"".join(parts)
    assert Inflater().inflate(b"".join(pieces), len(whole)) == whole


@given(messages, st.booleans())
def test_websockets_reads_and_writes_the_same(parts: list[bytes], takeover: bool) -> None:
    theirs = PerMessageDeflate(not takeover, not takeover, 12, 12, {"memLevel": 5})
    ours_out, ours_in = Deflater(12, takeover=takeover), Inflater(12, takeover=takeover)
    for part in parts:
        packed = TheirFrame(TheirOpcode.BINARY, ours_out.deflate(part), rsv1=True)
        assert theirs.decode(packed, max_size=1000).data == part
        encoded = theirs.encode(TheirFrame(TheirOpcode.BINARY, part)).data
        assert ours_in.inflate(bytes(encoded), 1000) == part


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_keep_to_the_bound(data: bytes, takeover: bool) -> None:
    inflater = Inflater(takeover=takeover)
    try:
        for _ in range(2):
            assert len(inflater.inflate(data, 50)) <= 50
    except (InvalidData, MessageTooBig, PolicyViolation):
        pass


# Negotiation: what we are, what is offered, what we answer (RFC 7692 §7.1)

KEEP = Deflate(
    server_context_takeover=True,
    client_context_takeover=True,
    server_max_window_bits=15,
    client_max_window_bits=15,
)
ALONE = "server_no_context_takeover; client_no_context_takeover"

ACCEPTED = [
    (KEEP, "", "", Parameters()),
    (KEEP, "client_max_window_bits", "client_max_window_bits=15", Parameters()),
    (KEEP, "client_max_window_bits=10", "client_max_window_bits=10", Parameters(client_max_window_bits=10)),
    (KEEP, "server_max_window_bits=10", "server_max_window_bits=10", Parameters(server_max_window_bits=10)),
    (KEEP, "server_max_window_bits=15", "server_max_window_bits=15", Parameters()),
    (KEEP, "server_max_window_bits=8", "server_max_window_bits=8", Parameters(server_max_window_bits=8)),
    (KEEP, "client_max_window_bits=8", "client_max_window_bits=8", Parameters(client_max_window_bits=8)),
    (KEEP, "server_no_context_takeover", "server_no_context_takeover", Parameters(True)),
    (KEEP, "client_no_context_takeover", "client_no_context_takeover", Parameters(False, True)),
    (Deflate(), "", f"{ALONE}; server_max_window_bits=12", Parameters(True, True, 12, 15)),
    (
        Deflate(),
        "client_max_window_bits",
        f"{ALONE}; server_max_window_bits=12; client_max_window_bits=12",
        Parameters(True, True, 12, 12),
    ),
    (
        Deflate(),
        "client_max_window_bits=9; server_max_window_bits=9",
        f"{ALONE}; server_max_window_bits=9; client_max_window_bits=9",
        Parameters(True, True, 9, 9),
    ),
]

DECLINED = [
    "server_max_window_bits",
    "server_max_window_bits=7",
    "server_max_window_bits=16",
    "server_max_window_bits=08",
    "server_max_window_bits=+9",
    "server_max_window_bits=١٠",
    "client_max_window_bits=7",
    "client_max_window_bits=1_0",
    "server_no_context_takeover=1",
    "client_no_context_takeover=true",
    "something_new",
    "server_no_context_takeover; server_no_context_takeover",
]


def parameters_of(text: str) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for part in filter(None, text.split("; ")):
        name, equals, value = part.partition("=")
        found.append((name, value if equals else None))
    return found


@pytest.mark.parametrize(("ours", "offer", "answer", "agreed"), ACCEPTED)
def test_a_server_answers_an_offer(ours: Deflate, offer: str, answer: str, agreed: Parameters) -> None:
    got = ours.accept([("other", []), (NAME, parameters_of(offer))])
    assert got is not None
    parameters, value = got
    assert value == "; ".join(filter(None, (NAME, answer)))
    assert parameters == agreed
    # and what a client that made this offer reads from the answer
    client_bits = dict(parameters_of(offer)).get("client_max_window_bits")
    client = Deflate(
        server_context_takeover="server_no_context_takeover" not in offer,
        client_context_takeover="client_no_context_takeover" not in offer,
        server_max_window_bits=int(dict(parameters_of(offer)).get("server_max_window_bits") or 15),
        client_max_window_bits=int(client_bits or 15),
    )
    assert client.agreed(parameters_of(answer)) == agreed


def test_connections_that_agreed_on_the_same_share_one_value() -> None:
    one, other = (Deflate().accept([(NAME, [])]) for _ in range(2))
    assert one is not None and other is not None
    assert one[0] is other[0]


@pytest.mark.parametrize("offer", DECLINED)
def test_a_server_declines_a_wrong_offer_and_takes_the_next(offer: str) -> None:
    assert Deflate().accept([(NAME, parameters_of(offer))]) is None
    got = Deflate().accept([(NAME, parameters_of(offer)), (NAME, [("client_max_window_bits", None)])])
    assert got is not None
    assert got[0].client_max_window_bits == 12


@pytest.mark.parametrize("answer", [*DECLINED, "client_max_window_bits"])
def test_a_client_refuses_a_wrong_answer(answer: str) -> None:
    with pytest.raises(HandshakeError, match=NAME) as caught:
        KEEP.agreed(parameters_of(answer))
    assert caught.value.status == 101


#: Answers to our default offer and what they mean: often less than we asked for, nothing that we could not
#: inflate (RFC 7692 §7.1). Those of real servers are recorded; tests/interop holds the servers to them.
ANSWERS = [
    ("websockets", f"{ALONE}; server_max_window_bits=12; client_max_window_bits=12", (True, True, 12, 12)),
    ("ws", f"{ALONE}; server_max_window_bits=12; client_max_window_bits=12", (True, True, 12, 12)),
    ("aiohttp", "server_max_window_bits=12; server_no_context_takeover", (True, True, 12, 12)),
    ("gorilla/websocket", ALONE, (True, True, 15, 12)),
    ("Mojolicious", "", (False, True, 15, 12)),
    ("takeover, as allowed", "server_max_window_bits=12", (False, True, 12, 12)),
    ("a larger window", "server_no_context_takeover; server_max_window_bits=13", (True, True, 13, 12)),
    ("no window bits", "server_no_context_takeover", (True, True, 15, 12)),
    ("a smaller window", f"{ALONE}; server_max_window_bits=9", (True, True, 9, 12)),
]


@pytest.mark.parametrize(("answer", "meaning"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_a_client_takes_every_answer_that_it_can_inflate(
    answer: str, meaning: tuple[bool, bool, int, int]
) -> None:
    agreed = Deflate().agreed(parameters_of(answer))
    assert agreed == Parameters(*meaning)
    theirs = zlib.compressobj(wbits=-agreed.server_max_window_bits)
    inflater = agreed.inflater(Side.CLIENT)
    far = random.Random(1).randbytes(20_000)  # the second time, 20 KB back in what went before
    for _ in range(2):
        packed = theirs.compress(far) + theirs.flush(zlib.Z_SYNC_FLUSH)
        if agreed.server_no_context_takeover:
            theirs = zlib.compressobj(wbits=-agreed.server_max_window_bits)
        assert inflater.inflate(packed[: -len(TAIL)], len(far)) == far


def test_a_hint_is_kept_whatever_the_server_says() -> None:
    for said in ("", "; client_max_window_bits=15"):
        answer = "server_no_context_takeover; server_max_window_bits=12" + said
        assert Deflate().agreed(parameters_of(answer)) == Parameters(True, True, 12, 12)


@given(
    st.booleans(),
    st.booleans(),
    st.integers(8, 15),
    st.integers(9, 15),  # a client of websockets has no 8
    st.booleans(),
    st.booleans(),
    st.one_of(st.none(), st.integers(8, 15)),
    st.one_of(st.none(), st.booleans(), st.integers(9, 15)),
)
def test_offers_of_websockets(
    server: bool,
    client: bool,
    server_bits: int,
    client_bits: int,
    their_server: bool,
    their_client: bool,
    their_server_bits: int | None,
    their_client_bits: int | bool | None,
) -> None:
    theirs = ClientPerMessageDeflateFactory(
        their_server, their_client, their_server_bits, their_client_bits or None
    )
    ours = Deflate(server, client, server_bits, client_bits)
    got = ours.accept([(NAME, theirs.get_request_params())])
    assert got is not None
    extension = theirs.process_response_params(parameters_of(got[1].partition("; ")[2]), [])
    assert extension.remote_no_context_takeover == got[0].server_no_context_takeover
    assert extension.local_no_context_takeover == got[0].client_no_context_takeover
    assert extension.remote_max_window_bits == got[0].server_max_window_bits
    assert extension.local_max_window_bits == got[0].client_max_window_bits


@pytest.mark.parametrize("wrong", [{"server_max_window_bits": 7}, {"memory_level": 0}, {"level": 10}])
def test_settings_that_are_impossible(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(wrong))}: got .*, expected"):
        Deflate(**wrong)  # type: ignore[arg-type]
