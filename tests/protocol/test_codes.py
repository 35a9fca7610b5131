"""The numbers of the protocol, against the RFC and the library websockets."""

from __future__ import annotations

import websockets.frames

from wsdemo.protocol.codes import CloseCode, Opcode, Side, on_the_wire


def test_opcodes_are_those_of_websockets() -> None:
    names = {"CONTINUATION": "CONT"}
    for opcode in Opcode:
        assert websockets.frames.Opcode[names.get(opcode.name, opcode.name)] == opcode


def test_close_codes_that_may_be_sent() -> None:
    # RFC 6455 §7.4 and the IANA registry; Autobahn 7.7 and 7.9 ask for the same ones.
    allowed = {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)}
    assert {code for code in range(1 << 16) if on_the_wire(code)} == allowed


def test_every_close_code_with_a_name_is_known_to_websockets() -> None:
    assert {int(code) for code in CloseCode} == {int(code) for code in websockets.frames.CloseCode}


def test_the_peer_of_the_peer_is_oneself() -> None:
    assert [side.peer.peer for side in Side] == list(Side)
