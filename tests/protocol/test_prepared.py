"""A message prepared once: each connection's peer reads the same, however it compresses."""

from __future__ import annotations

import pytest

from wsdemo.protocol.codes import Side
from wsdemo.protocol.deflate import Parameters
from wsdemo.protocol.errors import InvalidState
from wsdemo.protocol.events import Message
from wsdemo.protocol.prepared import Prepared
from wsdemo.protocol.protocol import Protocol

KINDS = [
    None,
    Parameters(),
    Parameters(True),
    Parameters(True, True, 10, 10),
    Parameters(False, False, 10, 10),
    Parameters(True, threshold=10_000),
    Parameters(server_max_window_bits=8),
]


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("message", ["", "short", "long " * 100, b"", b"long " * 100])
def test_everybody_reads_the_same(side: Side, message: str | bytes) -> None:
    ends = [
        (Protocol(side, opened=True, deflate=kind), Protocol(side.peer, opened=True, deflate=kind))
        for kind in KINDS
    ]
    for text in ("before, long " * 20, "again, long " * 20):
        prepared = Prepared(message)
        for here, there in ends:  # between messages of their own, whose text a compressor may look back on
            assert there.receive(here.send_text(text)) == [Message(text)]
            assert there.receive(prepared.for_connection(here)) == [Message(message)]
            assert there.receive(here.send_text(text * 2)) == [Message(text * 2)]


def test_it_is_serialized_once_for_each_kind() -> None:
    prepared = Prepared("news " * 100)
    seen = [
        prepared.for_connection(Protocol(Side.SERVER, opened=True, deflate=kind))
        for kind in KINDS
        for _ in range(3)
    ]
    assert len({id(frame) for frame in seen}) == 4  # plain; 15, 10 and 8 window bits
    clients = [prepared.for_connection(Protocol(Side.CLIENT, opened=True)) for _ in range(3)]
    assert len(set(clients)) == 3  # a fresh masking key for each


def test_a_short_one_is_plain_and_the_compressor_keeps_its_text() -> None:
    here, text = Protocol(Side.SERVER, opened=True, deflate=Parameters()), "-".join(map(str, range(100)))
    first = here.send_text(text)
    assert Prepared("short").for_connection(here) == b"\x81\x05short"
    assert len(here.send_text(text)) < len(first)  # it refers to the first
    Prepared(text).for_connection(here)
    assert len(here.send_text(text)) == len(first)  # afresh: it has not seen the one before


def test_not_where_nothing_can_be_sent() -> None:
    server = Protocol(Side.SERVER, opened=True)
    server.send_fragment("a", False)
    with pytest.raises(InvalidState):
        Prepared("a").for_connection(server)
    server.close()
    with pytest.raises(InvalidState):
        Prepared("a").for_connection(server)
    with pytest.raises(TypeError):
        Prepared(5)  # type: ignore[arg-type]
