"""Every field of every kind of packet, column by column: name, place, value, meaning, section."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.trace.test_dissect import opened, session
from wsdemo.protocol.codes import CloseCode, Side
from wsdemo.protocol.deflate import Parameters
from wsdemo.protocol.frames import Frame
from wsdemo.trace import TO_CLIENT, TO_SERVER
from wsdemo.trace.dissect import dissect_frames
from wsdemo.trace.fields import (
    Field,
    close_meaning,
    count,
    described,
    escaped,
    opcode_name,
    raw_fields,
    shown,
    whole,
)
from wsdemo.trace.heads import HEADERS, chunk_fields, head_fields
from wsdemo.trace.packets import BodyPacket, FramePacket, OpaquePacket, Packet, RawPacket, Verdict

#: (name, first bit, bit behind it, value, meaning, section)
Row = tuple[str, int, int, object, str, str]

LAST: Row = ("fin", 0, 1, True, "the last frame of its message", "RFC 6455 §5.2")
MORE: Row = ("fin", 0, 1, False, "more frames follow", "RFC 6455 §5.2")
PLAIN: Row = ("rsv1", 1, 2, False, "not compressed", "RFC 6455 §5.2, RFC 7692 §6")
COMPRESSED: Row = ("rsv1", 1, 2, True, "this message is compressed", "RFC 6455 §5.2, RFC 7692 §6")
RSV2: Row = ("rsv2", 2, 3, False, "reserved for extensions", "RFC 6455 §5.2")
RSV3: Row = ("rsv3", 3, 4, False, "reserved for extensions", "RFC 6455 §5.2")
SET = "set, and no extension here gives it a meaning"
MASKED: Row = ("mask", 8, 9, True, "masked, as a client must", "RFC 6455 §5.1")
UNMASKED: Row = ("mask", 8, 9, False, "not masked, as a server must", "RFC 6455 §5.1")
KEY: Row = (
    "masking key",
    16,
    48,
    b"\x37\xfa\x21\x3d",
    "XORed with the payload, byte by byte",
    "RFC 6455 §5.3",
)
SIXTEEN: Row = ("length", 9, 16, 126, "126: the length is in the next 2 bytes", "RFC 6455 §5.2")
SIXTY_FOUR: Row = ("length", 9, 16, 127, "127: the length is in the next 8 bytes", "RFC 6455 §5.2")


def opcode(value: int, meaning: str) -> Row:
    return "opcode", 4, 8, value, meaning, "RFC 6455 §5.2, §11.8"


def length(value: int, meaning: str) -> Row:
    return "length", 9, 16, value, f"{meaning} of payload", "RFC 6455 §5.2"


TEXT = opcode(1, "text: begins a message of UTF-8 text")
BINARY = opcode(2, "binary: begins a message of bytes")
EMPTY = length(0, "0 bytes")
CLOSE = opcode(8, "close: the sender is done, and says why")

FRAMES: list[tuple[str, Side, list[Row], str]] = [
    (
        "81 85 37fa213d 7f9f4d5158",
        Side.SERVER,
        [
            *(LAST, PLAIN, RSV2, RSV3, TEXT, MASKED, length(5, "5 bytes"), KEY),
            ("masked payload", 48, 88, "Hello", "'Hello'", "RFC 6455 §5.6"),
        ],
        "text 5 B 'Hello'",
    ),
    (
        "01 01 48",
        Side.CLIENT,
        [
            *(MORE, PLAIN, RSV2, RSV3, TEXT, UNMASKED, length(1, "1 byte")),
            ("payload", 16, 24, "H", "'H'", "RFC 6455 §5.6"),
        ],
        "text, more follows 1 B 'H'",
    ),
    (
        "82 fe 0080 37fa213d" + " 37fa213d" * 32,
        Side.SERVER,
        [
            *(LAST, PLAIN, RSV2, RSV3, BINARY, MASKED, SIXTEEN),
            ("extended length", 16, 32, 128, "128 bytes of payload", "RFC 6455 §5.2"),
            ("masking key", 32, 64, *KEY[3:]),
            ("masked payload", 64, 1088, bytes(128), " ".join(["00"] * 16) + " …", "RFC 6455 §5.6"),
        ],
        "binary 128 B " + " ".join(["00"] * 16) + " …",
    ),
    (
        "82 7f 0000000000010000" + "ab" * 65536,
        Side.CLIENT,
        [
            *(LAST, PLAIN, RSV2, RSV3, BINARY, UNMASKED, SIXTY_FOUR),
            ("extended length", 16, 80, 65536, "65536 bytes of payload", "RFC 6455 §5.2"),
            ("payload", 80, 524368, b"\xab" * 65536, " ".join(["ab"] * 16) + " …", "RFC 6455 §5.6"),
        ],
        "binary 65536 B " + " ".join(["ab"] * 16) + " …",
    ),
    (
        "88 06 03e9 e282ac21",
        Side.CLIENT,
        [
            *(LAST, PLAIN, RSV2, RSV3, CLOSE, UNMASKED, length(6, "6 bytes")),
            ("close code", 16, 32, 1001, "1001: going away", "RFC 6455 §7.4"),
            ("close reason", 32, 64, "€!", "for humans: '€!'", "RFC 6455 §7.1.6"),
        ],
        "close 6 B 1001 '€!'",
    ),
    (
        "88 02 0fa0",
        Side.CLIENT,
        [
            *(LAST, PLAIN, RSV2, RSV3, CLOSE, UNMASKED, length(2, "2 bytes")),
            ("close code", 16, 32, 4000, "4000: private use", "RFC 6455 §7.4"),
        ],
        "close 2 B 4000",
    ),
    (
        "88 01 03",
        Side.CLIENT,
        [
            *(LAST, PLAIN, RSV2, RSV3, CLOSE, UNMASKED, length(1, "1 byte")),
            ("close code", 16, 24, None, "cut off: 1 of 2 bytes", "RFC 6455 §5.5.1"),
        ],
        "close 1 B 1005",
    ),
    (
        "83 80 37fa213d",
        Side.SERVER,
        [LAST, PLAIN, RSV2, RSV3, opcode(3, "0x3: reserved, no meaning yet"), MASKED, EMPTY, KEY],
        "reserved 0x3 0 B",
    ),
    (
        "89 80 37fa213d",
        Side.SERVER,
        [LAST, PLAIN, RSV2, RSV3, opcode(9, "ping: asks whether the peer is there"), MASKED, EMPTY, KEY],
        "ping 0 B",
    ),
    (
        "8a 02 0102",
        Side.CLIENT,
        [
            *(LAST, PLAIN, RSV2, RSV3, opcode(10, "pong: the answer to a ping, or a sign of life"), UNMASKED),
            *(length(2, "2 bytes"), ("payload", 16, 32, b"\x01\x02", "01 02", "RFC 6455 §5.5")),
        ],
        "pong 2 B 01 02",
    ),
    (
        "b1 01 41",
        Side.CLIENT,
        [
            *(LAST, PLAIN),
            *(("rsv2", 2, 3, True, SET, "RFC 6455 §5.2"), ("rsv3", 3, 4, True, SET, "RFC 6455 §5.2")),
            *(TEXT, UNMASKED, length(1, "1 byte"), ("payload", 16, 24, "A", "'A'", "RFC 6455 §5.6")),
        ],
        "text 1 B 'A'",
    ),
    (
        "c1 07 f2 48 cd c9 c9 07 00",
        Side.CLIENT,
        [
            *(LAST, COMPRESSED, RSV2, RSV3, TEXT, UNMASKED, length(7, "7 bytes")),
            (
                *("payload", 16, 72, bytes.fromhex("f248cdc9c90700")),
                *("compressed: f2 48 cd c9 c9 07 00; inflated, the message is 'Hello'", "RFC 7692 §6.1"),
            ),
        ],
        "text 7 B, compressed: 'Hello'",
    ),
    (
        "82 fe 00",
        Side.SERVER,
        [
            *(LAST, PLAIN, RSV2, RSV3, BINARY, MASKED, SIXTEEN),
            ("extended length", 16, 24, None, "cut off: 1 of 2 bytes", "RFC 6455 §5.2"),
        ],
        "binary, incomplete",
    ),
    (
        "82 7f 000000",
        Side.CLIENT,
        [
            *(LAST, PLAIN, RSV2, RSV3, BINARY, UNMASKED, SIXTY_FOUR),
            ("extended length", 16, 40, None, "cut off: 3 of 8 bytes", "RFC 6455 §5.2"),
        ],
        "binary, incomplete",
    ),
    (
        "82 fe 0080 37fa21",
        Side.SERVER,
        [
            *(LAST, PLAIN, RSV2, RSV3, BINARY, MASKED, SIXTEEN),
            ("extended length", 16, 32, 128, "128 bytes of payload", "RFC 6455 §5.2"),
            ("masking key", 32, 56, None, "cut off: 3 of 4 bytes", "RFC 6455 §5.2"),
        ],
        "binary 128 B, incomplete",
    ),
    (
        "81 05 48c3",
        Side.CLIENT,
        [
            *(LAST, PLAIN, RSV2, RSV3, TEXT, UNMASKED, length(5, "5 bytes")),
            ("payload", 16, 32, b"H\xc3", "2 of 5 bytes so far: 48 c3", "RFC 6455 §5.6"),
        ],
        "text 5 B, incomplete",
    ),
    ("81", Side.CLIENT, [LAST, PLAIN, RSV2, RSV3, TEXT], "text, incomplete"),
]  # fmt: skip


def rows(fields: tuple[Field, ...]) -> list[Row]:
    return [tuple(field[:6]) for field in fields]


@pytest.mark.parametrize(("wire", "receiver", "expected", "summary"), FRAMES)
def test_the_fields_of_a_frame(wire: str, receiver: Side, expected: list[Row], summary: str) -> None:
    frame = dissect_frames(bytes.fromhex(wire), receiver, deflate=Parameters())[0]
    assert rows(frame.fields) == expected
    assert frame.summary == summary
    for row in expected:
        field = frame.field(row[0])
        assert (field.where, field.bits) == (slice(row[1] // 8, -(-row[2] // 8)), row[2] - row[1])
    with pytest.raises(KeyError, match="no such"):
        frame.field("no such")


def test_the_attributes_of_a_frame() -> None:
    frame = FramePacket(bytes.fromhex("a2 fe 0080 37fa213d") + b"\x37\xfa\x21\x3c" * 32)
    assert (frame.fin, frame.rsv1, frame.rsv2, frame.rsv3, frame.opcode, frame.masked) == (
        True,
        False,
        True,
        False,
        2,
        True,
    )
    assert (frame.length, frame.header_size, frame.size) == (128, 8, 136)
    assert frame.masking_key == b"\x37\xfa\x21\x3d"
    assert frame.wire_payload == b"\x37\xfa\x21\x3c" * 32 and frame.payload == b"\0\0\0\1" * 32
    other = FramePacket(bytes.fromhex("50 05 48"))
    assert (other.fin, other.rsv1, other.rsv2, other.rsv3, other.masked, other.masking_key) == (
        False,
        True,
        False,
        True,
        False,
        None,
    )
    assert (FramePacket(b"\x81").header_size, FramePacket(b"\x81").length, FramePacket(b"\x81").masked) == (
        2,
        None,
        False,
    )
    assert (FramePacket(b"\x81\xff").header_size, FramePacket(b"\x81\xff").masking_key) == (14, None)


def test_the_close_frame_and_what_is_none() -> None:
    close, text = FramePacket(bytes.fromhex("88 05 03e8 6f6bff")), FramePacket(bytes.fromhex("81 02 6f6b"))
    assert (close.close_code, close.close_reason) == (1000, "ok\\xff")
    assert (text.close_code, text.close_reason) == (None, None)
    begun = FramePacket(bytes.fromhex("88 05 03e8"), complete=False)
    assert (begun.close_code, begun.close_reason) == (None, None)


def test_a_continuation_is_shown_as_what_its_message_is() -> None:
    wire = bytes.fromhex("01 01 48 80 02 c3a9 02 01 00 80 01 ff 41 03 f248cd 80 04 c9c90700")
    frames = dissect_frames(wire, Side.CLIENT, deflate=Parameters())
    assert [frame.field("opcode").meaning for frame in frames[1::2]] == [
        "continuation: more of the message that an earlier frame began"
    ] * 3
    assert [frame.field("payload").value for frame in frames] == [
        *("H", "é", b"\0", b"\xff", bytes.fromhex("f248cd"), bytes.fromhex("c9c90700"))
    ]
    assert [frame.compressed for frame in frames] == [False] * 4 + [True] * 2
    assert [frame.message for frame in frames] == [None, "Hé", None, b"\0\xff", None, "Hello"]
    assert [frame.summary for frame in frames] == [
        *("text, more follows 1 B 'H'", "continuation 2 B 'é'", "binary, more follows 1 B 00"),
        *(
            "continuation 1 B ff",
            "text, more follows 3 B, compressed",
            "continuation 4 B, compressed: 'Hello'",
        ),
    ]


def test_a_part_of_a_frame_that_continues_is_shown_as_its_message() -> None:
    first, part = dissect_frames(bytes.fromhex("01 01 48 80 05 6f6b"), Side.CLIENT)
    assert first.complete and not part.complete
    assert part.field("payload").value == "ok"


CLOSE_MEANINGS = [  # RFC 6455 §7.4.1 and §7.4.2, and the registry that it founded
    (999, "no code"),
    (1000, "normal"),
    (1001, "going away"),
    (1004, "no code"),
    (2999, "no code"),
    (3000, "for libraries"),
    (3999, "for libraries"),
    (4000, "private use"),
    (4999, "private use"),
    (5000, "no code"),
]


def test_what_is_shown_of_values() -> None:
    for code, meaning in CLOSE_MEANINGS:
        assert close_meaning(code) == meaning, code
    assert {close_meaning(code) for code in CloseCode} == {
        code.name.replace("_", " ").lower() for code in CloseCode
    }
    assert escaped("a" * 60) == f"'{'a' * 60}'" and escaped("a" * 61) == f"'{'a' * 60}'…"
    assert shown(b"\1" * 16) == " ".join(["01"] * 16) and shown(b"\1" * 17) == " ".join(["01"] * 16) + " …"
    assert (count(0), count(1), count(2)) == ("0 bytes", "1 byte", "2 bytes")
    assert [opcode_name(code) for code in (0, 1, 2, 8, 9, 10, 15)] == [
        *("continuation", "text", "binary", "close", "ping", "pong", "reserved 0xf")
    ]
    assert (described("a\n"), described(b"\1\2")) == ("'a\\n'", "01 02")
    assert [Field("a", 0, 1, value, "", "").label for value in (True, 0, 7, "x", b"x", None)] == [
        *("a 1", "a 0", "a 7", "a", "a", "a")
    ]


# -- HTTP -----------------------------------------------------------------------------------------------

#: What the fields of an opening handshake are for, and where each is defined.
DEFINED = {
    "host": ("the server that is asked, and its port", "RFC 9110 §7.2"),
    "upgrade": ("the protocol to go on with", "RFC 6455 §4.1"),
    "connection": ("what holds for this hop only, not beyond it", "RFC 9110 §7.6.1"),
    "sec-websocket-key": ("16 random bytes in base64, fresh for each connection", "RFC 6455 §4.1"),
    "sec-websocket-accept": ("proof that the server has read the key", "RFC 6455 §4.2.2"),
    "sec-websocket-version": ("the version of the protocol; the RFC's is 13", "RFC 6455 §4.1"),
    "sec-websocket-protocol": ("the subprotocol: what the messages mean", "RFC 6455 §1.9"),
    "sec-websocket-extensions": ("extensions, such as compression", "RFC 6455 §9.1"),
    "origin": ("the web page that asks; only browsers are bound to send it", "RFC 6455 §10.2"),
    "cookie": ("cookies of this site", "RFC 6265 §5.4"),
    "authorization": ("who is asking", "RFC 9110 §11.6.2"),
    "content-length": ("bytes of body", "RFC 9110 §8.6"),
    "content-type": ("what the body is", "RFC 9110 §8.3"),
    "transfer-encoding": ("the body comes in chunks, each with its length", "RFC 9112 §6.1"),
}


def test_the_fields_of_a_handshake_mean_what_their_rfcs_say() -> None:
    assert HEADERS == DEFINED
    for name, (meaning, section) in DEFINED.items():
        found = head_fields(b"GET / HTTP/1.1\r\n" + name.title().encode() + b":\t x \r\n\r\n")
        assert rows(found)[2:6] == [
            ("header name", 128, 128 + 8 * len(name), name.title(), meaning, section),
            (
                "plain",
                128 + 8 * len(name),
                152 + 8 * len(name),
                ":\t ",
                "a colon ends the name",
                "RFC 9112 §5",
            ),
            ("header value", 152 + 8 * len(name), 160 + 8 * len(name), "x", meaning, section),
            (
                "plain",
                160 + 8 * len(name),
                168 + 8 * len(name),
                " ",
                "white space, which means nothing",
                "RFC 9112 §5",
            ),
        ]


def test_the_fields_of_a_request_and_of_a_response() -> None:
    end, line = "an empty line ends the head", "CR LF ends a line"
    fields = head_fields(b"PUT /a HTTP/1.1\r\nX: \r\nbad\r\n\r\nbody", 4)
    assert rows(fields) == [
        ("start line", 0, 120, "PUT /a HTTP/1.1", "what is asked for", "RFC 9112 §3"),
        ("plain", 120, 136, "\r\n", line, "RFC 9112 §2.1"),
        ("header name", 136, 144, "X", "a header field", "RFC 9110 §5"),
        ("plain", 144, 160, ": ", "a colon ends the name", "RFC 9112 §5"),
        ("plain", 160, 176, "\r\n", line, "RFC 9112 §2.1"),
        ("header value", 176, 200, "bad", "not a header field", "RFC 9112 §5"),
        ("plain", 200, 216, "\r\n", line, "RFC 9112 §2.1"),
        ("plain", 216, 232, "\r\n", end, "RFC 9112 §2.1"),
        ("body", 232, 264, b"body", "4 bytes", "RFC 9112 §6"),
    ]
    assert rows(fields[0].children) == [
        ("start line", 0, 24, "PUT", "method", "RFC 9112 §3"),
        ("start line", 24, 32, " ", "one space", "RFC 9112 §3"),
        ("start line", 32, 48, "/a", "target", "RFC 9112 §3"),
        ("start line", 48, 56, " ", "one space", "RFC 9112 §3"),
        ("start line", 56, 120, "HTTP/1.1", "version", "RFC 9112 §3"),
    ]
    (answer, *_) = head_fields(b"HTTP/1.1 404 Not Found\r\n\r\n")
    assert rows((answer,)) == [
        ("start line", 0, 176, "HTTP/1.1 404 Not Found", "what the server answers", "RFC 9112 §4")
    ]
    assert rows(answer.children) == [
        ("start line", 0, 64, "HTTP/1.1", "version", "RFC 9112 §4"),
        ("start line", 64, 72, " ", "one space", "RFC 9112 §4"),
        ("start line", 72, 96, "404", "status", "RFC 9112 §4"),
        ("start line", 96, 104, " ", "one space", "RFC 9112 §4"),
        ("start line", 104, 176, "Not Found", "reason", "RFC 9112 §4"),
    ]
    assert rows(head_fields(b"GET / HTTP/1.1\r\n\r\nbody"))[-1] == (
        "body",
        144,
        176,
        b"body",
        "4 bytes",
        "RFC 9112 §6",
    )
    assert rows(head_fields(b"GET / HTT")) == [
        ("start line", 0, 72, "GET / HTT", "what is asked for", "RFC 9112 §3")
    ]


def test_the_fields_of_a_chunk_and_of_what_has_none() -> None:
    assert rows(chunk_fields(b"5;x\r\nhello\r\n", slice(5, 10))) == [
        ("header", 0, 40, "5;x\r\n", "the chunk's length in hex, CR LF", "RFC 9112 §7.1"),
        ("body", 40, 80, b"hello", "5 bytes", "RFC 9112 §6"),
        ("plain", 80, 96, "\r\n", "CR LF ends the chunk", "RFC 9112 §7.1"),
    ]
    assert rows(chunk_fields(b"hello", slice(None))) == [("body", 0, 40, b"hello", "5 bytes", "RFC 9112 §6")]
    assert rows(whole("plain", b"ab", "two", "RFC")) == [("plain", 0, 16, b"ab", "two", "RFC")]
    assert whole("plain", b"", "none") == ()
    assert rows(OpaquePacket(b"a").fields) == [("plain", 0, 8, b"a", "1 byte of no protocol known here", "")]
    assert rows(Packet(b"ab").fields) == [("plain", 0, 16, b"ab", "2 bytes", "")]


def test_the_fields_of_a_raw_message() -> None:
    assert rows(raw_fields(b"2         \xc3\xa9", 10, 2)) == [
        ("header", 0, 80, 2, "2 bytes of payload, as digits, then spaces", ""),
        ("payload", 80, 96, "é", "'é'", ""),
    ]
    assert rows(raw_fields(b"1         \xff", 10, 1))[1] == ("payload", 80, 88, b"\xff", "ff", "")
    assert rows(raw_fields(b"12 ", 10, None)) == [("header", 0, 24, None, "cut off: 3 of 10 bytes", "")]
    assert rows(raw_fields(b"no length!", 10, None)) == [("header", 0, 80, None, "not a length", "")]


def test_the_summaries_of_packets() -> None:
    """One line each; what a peer said is escaped, header values are left out."""
    trace = session(
        (TO_SERVER, b"GET /caf\xc3\xa9?token=1 HTTP/1.1\r\nHost: a\r\n\r\n".replace(b"\xc3\xa9", b"'")),
        (TO_CLIENT, b"HTTP/1.1 200 Ok\x09then\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na\n\r\n0\r\n\r\n"),
    )
    assert [packet.summary for packet in trace.packets] == [
        "GET /caf'",
        "200 Ok\\tthen",
        "body 2 B 'a\\n'",
        "body 0 B ''",
    ]
    assert RawPacket(b"2         \xffa").summary == "message 2 B '\\\\xffa'"
    assert OpaquePacket(b"abc").summary == "opaque 3 B" and Packet(b"abc").summary == "packet 3 B"
    refused = session((TO_SERVER, b"GET / HTTP/1.1\r\nHost : a\r\n\r\n")).requests[0]
    assert (refused.summary, refused.method, refused.target, list(refused.headers)) == (
        "request 28 B",
        "GET",
        "",
        [],
    )
    answer = session(
        (TO_SERVER, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), (TO_CLIENT, b"HTTP/1.1 200 OK\nA: b\n\n")
    ).responses[0]
    assert (answer.summary, answer.status, list(answer.headers)) == ("response 22 B", 200, [])
    told = BodyPacket(b"3\r\nabc\r\n", direction=TO_CLIENT, body=slice(3, 6))
    assert told.summary == "body 3 B 'abc'"
    assert replace(told, direction=TO_SERVER).summary == "body 3 B"
    secret = b'{"token":"a\\"b","text":"c"}'
    for direction in (TO_SERVER, TO_CLIENT):
        frame = FramePacket(Frame(1, secret, True).serialize(), direction=direction)
        assert frame.summary == """text 27 B '{"token":"****","text":"c"}'"""
        assert replace(frame, bytes=b"\xc1\x00", completed=secret.decode()).summary == (
            """text 0 B, compressed: '{"token":"****","text":"c"}'"""
        )
    assert (
        replace(told, bytes=secret, body=slice(None)).summary == """body 27 B '{"token":"****","text":"c"}'"""
    )
    long = FramePacket(Frame(1, b'{"text":"%b"}' % (b"a" * 200), True).serialize())
    assert long.summary == f"""text 211 B '{{"text":"{"a" * 51}'…"""


def test_what_a_packet_says_of_itself() -> None:
    frame = opened((TO_SERVER, b"\x81\x00")).frames[0]
    assert repr(frame) == (
        "<FramePacket 1 to server: text 0 B; refused with close code 1002: "
        "frame without a mask, a client must mask (RFC 6455 §5.1)>"
    )
    assert repr(OpaquePacket(b"a", 3, TO_CLIENT)) == "<OpaquePacket 3 to client: opaque 1 B>"
    assert str(Verdict("refused", 404, "no", "here")) == "refused with status 404: no (here)"
    assert str(Verdict("refused", 1000)) == "refused with close code 1000"
    assert str(Verdict("ignored", reason="why")) == "ignored: why"
    assert Verdict("accepted").accepted and not Verdict("incomplete").accepted
