"""Tokens in messages: overwritten in every form that a message can have, read as an export's reader will."""

from __future__ import annotations

import json
import random
import zlib
from pathlib import Path

import pytest

from tests.trace.test_dissect import KEY, masked, opened, session
from tests.trace.test_redact import SECRET, exported, leaks
from wsdemo import Trace, connect, serve
from wsdemo.protocol.deflate import TAIL, Deflater, Inflater
from wsdemo.protocol.frames import Frame
from wsdemo.protocol.masking import mask
from wsdemo.record.facts import Direction
from wsdemo.trace import TO_CLIENT, TO_SERVER, overwrite
from wsdemo.trace.overwrite import _clean_deflated, _deflated, _inflated, _stored, clean_frames
from wsdemo.trace.tokens import secret_places, without_tokens

STARS = b"*" * len(SECRET)
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
HELLO = b'{"type":"hello","v":1,"device":"ana-1","token":"%b"}'


@pytest.mark.parametrize(
    "message",
    [
        b'{"token":"%b"}',
        b'{"token": "%b"}',
        b'  {"token"\t:\n"%b"}',
        b'{"a":1,"TOKEN":"%b","b":2}',
        b'{"access_token":"%b"}',
        b'{"csrfToken":"%b"}',
        b'{"new-password":"%b"}',
        b'{"api_key":"%b","user":"ana"}',
        b'{"Authorization":"Bearer %b"}',
        b'{"ticket":"%b"}',
        b'{"client_secret":"%b"}',
        rb'{"\u0074oken":"%b"}',
        b'[{"a":[{"token":"%b"}]}]',
        b'{"token":["a","%b"]}',
        b'{"token":{"kid":"a","value":"%b"},"next":"b"}',
        b'{"token":{"password":"a","value":"%b"},"next":"b"}',
        rb'{"text":"\"token\":","token":"%b"}',
        b'{"token":"%b',
        rb'{"token":"a\"%b"}',
        b'{"jwt":%b}',
        b"Bearer eyJhbGciOiJIUzI1NiJ9.%b.c2ln",
        b'{"body":"eyJhbGciOiJIUzI1NiJ9.%b.c2ln"}',
    ],
)
def test_a_secret_in_a_message(message: bytes) -> None:
    clean = without_tokens(message % SECRET)
    assert not leaks(clean) and len(clean) == len(message % SECRET)
    assert {*clean.decode()} <= {*message.decode(), "*"}


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"Hello",
        b"token",
        b'"token": "of a text that is no JSON"',
        b'{"type":"token","text":"a token is a text"}',
        b'{"text":"\\"token\\":\\"x\\""}',
        b'{"tokens":3,"text":"a"}',
        b'{"token":null,"text":"a"}',
        b'{"token":"","text":"a"}',
        b'[["token","a"],{"token":[],"text":"a"},"b"]',
        b'{"token":{},"text":"a"}',
        b'{"a":"eyJ.b.c"}',
        b'["token" "a" "b"]',
        b'{"\xff":"a","\\":"b"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_no_secret_stays(message: bytes) -> None:
    assert without_tokens(message) == message


def test_only_the_value_is_overwritten() -> None:
    message = json.dumps(
        {"id": 7, "login": {"password": "pw", "user": "ana"}, "token": ["x", 12, True], "n": 1}
    )
    clean = message.replace("pw", "**").replace('"x", 12', '"*", **')
    assert without_tokens(message.encode()) == clean.encode()
    assert list(secret_places(b'{"token":"ab","secret":"c"}')) == [(10, 12), (24, 25)]


@pytest.mark.parametrize(
    ("message", "clean"),
    [
        (b'{"a":{"token":"bc"},"d":"e"}', b'{"a":{"token":"**"},"d":"e"}'),
        (b'[{"token":"bc"},"d",{"e":"f"}]', b'[{"token":"**"},"d",{"e":"f"}]'),
        (b'{"token":[["b"],"c",{"d":"e"}],"f":"g"}', b'{"token":[["*"],"*",{"*":"*"}],"f":"g"}'),
        (
            b'{"token":{"secret":{"b":"c"},"d":"e"},"f":"g"}',
            b'{"token":{"******":{"*":"*"},"*":"*"},"f":"g"}',
        ),
        (b'{"token":-1.5e3,"b":true,"c":12}', b'{"token":******,"b":true,"c":12}'),
        (b'{"token":"', b'{"token":"'),
        (b'{"token":"b', b'{"token":"*'),
        (b'{"token":"b"', b'{"token":"*"'),
        (b'{"token":"b\\', b'{"token":"**'),
        (rb'{"token":"b\\","c":"d"}', rb'{"token":"***","c":"d"}'),
    ],
)
def test_a_secret_ends_with_its_value_and_that_with_its_text(message: bytes, clean: bytes) -> None:
    assert without_tokens(message) == clean
    assert all(start <= stop for start, stop in secret_places(message))


# -- frames --------------------------------------------------------------------------------------------------


def test_a_first_message_in_an_export() -> None:
    for cut in (None, 3, 60):
        hello = HELLO % SECRET
        frames = (
            masked(1, hello)
            if cut is None
            else masked(1, hello[:cut], fin=False) + masked(9, b"ping") + masked(0, hello[cut:])
        )
        trace = opened((TO_SERVER, frames + masked(1, b"Hello")), (TO_CLIENT, b"\x81\x02hi"))
        again = session((TO_SERVER, exported(trace, TO_SERVER)), (TO_CLIENT, exported(trace, TO_CLIENT)))
        assert again.frames[-3 if cut is None else -2].message is not None
        found = [frame.message for frame in again.frames if frame.direction == TO_SERVER]
        assert [message for message in found if message] == [(HELLO % STARS).decode(), "Hello"]
        assert [f.masking_key for f in again.frames] == [f.masking_key for f in trace.frames]
        assert [f.size for f in again.frames] == [f.size for f in trace.frames]


def test_no_end_of_a_message_is_needed() -> None:
    for frames in (
        masked(1, HELLO % SECRET)[:-3],
        masked(1, HELLO % SECRET, fin=False),
        masked(1, (HELLO % SECRET)[:50], fin=False) + masked(0, (HELLO % SECRET)[50:])[:-1],
        masked(1, b"not whole", fin=False) + masked(1, HELLO % SECRET),  # refused: a new message
        masked(3, b"reserved") + masked(1, HELLO % SECRET),  # and what comes behind a refusal
        masked(1, b"Hello") + masked(0, HELLO % SECRET),  # refused: nothing that it would continue
        masked(1, HELLO % SECRET, rsv1=True),  # refused: no compression was agreed on
    ):
        trace = opened((TO_SERVER, frames))
        clean = b"".join(frame.payload for frame in session(*exports(trace)).frames)
        assert STARS[:9] in clean and not leaks(clean)


def exports(trace: Trace) -> list[tuple[Direction, bytes]]:
    return [(direction, exported(trace, direction)) for direction in (TO_SERVER, TO_CLIENT)]


def test_a_token_for_the_client(tmp_path: Path) -> None:
    trace = opened((TO_CLIENT, Frame(1, b'{"type":"token","token":"%b"}' % SECRET, True).serialize()))
    trace.save(tmp_path / "trace.jsonl")
    told = Trace.load(tmp_path / "trace.jsonl").frames[0].message
    assert told == json.dumps({"type": "token", "token": STARS.decode()}, separators=(",", ":"))
    trace.save(tmp_path / "trace.jsonl", redact=False)
    assert SECRET.decode() in str(Trace.load(tmp_path / "trace.jsonl").frames[0].message)


# -- compressed messages -------------------------------------------------------------------------------------


def test_compressed_messages_that_refer_to_the_secret() -> None:
    """The second hello is nearly one reference to the first; the texts around it stay readable."""
    texts = [b"Hello " * 9, HELLO % SECRET, HELLO % SECRET, b'{"text":"%b"}' % SECRET, b"Hello " * 9]
    deflater = Deflater(takeover=True)
    frames = b"".join(masked(1, deflater.deflate(text), rsv1=True) for text in texts)
    trace = opened((TO_SERVER, frames), extension=DEFLATE)
    assert [frame.message for frame in trace.frames] == [text.decode() for text in texts]
    again = session(*exports(trace))
    assert [frame.message for frame in again.frames] == [
        *(text.replace(SECRET, STARS).decode() for text in texts)
    ], "the text that repeats a token repeats the asterisks"
    assert [frame.size for frame in again.frames] == [frame.size for frame in trace.frames]
    assert all(frame.verdict.accepted for frame in again.frames)


@pytest.mark.parametrize("takeover", [True, False])
def test_compressed_messages_at_random(takeover: bool) -> None:
    """Whatever is said, in however many fragments: the export reads as the original, but for its secrets."""
    for seed in range(60):
        pick = random.Random(seed)
        deflater, inflater = Deflater(takeover=takeover), Inflater(takeover=takeover)
        texts, frames = [], b""
        for _ in range(pick.randrange(1, 6)):
            secret = bytes(pick.choices(b"abcdefghijklmnop0123456789", k=pick.randrange(8, 200)))
            words = b" ".join(pick.choices([b"ana", b"bob", b"hello", secret], k=pick.randrange(60)))
            text = pick.choice([b'{"a":"%b","token":"%b"}' % (words.replace(secret, b""), secret), words])
            packed = deflater.deflate(text)
            at = pick.randrange(len(packed) + 1)
            frames += masked(1, packed[:at], fin=False, rsv1=True) + masked(0, packed[at:])
            texts.append(text)
        trace = opened((TO_SERVER, frames), extension=DEFLATE)
        assert trace.frames[-1].verdict.accepted
        again = session(*exports(trace))
        read = [f.message for f in again.frames if f.fin]
        wanted = [without_tokens(text) for text in texts]
        payloads = b""
        for frame in again.frames:
            payloads += frame.payload
            if frame.fin:
                inflater.inflate(payloads, 1 << 20)
                payloads = b""
        assert [len(str(message)) for message in read] == [len(text) for text in wanted]
        assert read[0] == wanted[0].decode(), seed
        for message, text in zip(read, texts, strict=True):
            assert b"token" not in text or str(message).count("*") >= 8


def test_a_compressed_message_without_its_end_or_with_final_blocks() -> None:
    packed = Deflater().deflate(HELLO % SECRET)
    final = zlib.compressobj(9, zlib.DEFLATED, -15)
    ended = final.compress(HELLO % SECRET) + final.flush()
    for frames in (
        masked(1, packed[:-1], fin=False, rsv1=True),
        masked(1, packed, rsv1=True)[:-1],
        masked(1, packed[:-4] + b"\xff\xff\xff\xff", rsv1=True),  # refused: no DEFLATE
        masked(1, ended, rsv1=True),
        masked(1, Deflater().deflate(b" ") + TAIL + ended, rsv1=True),
        masked(1, ended * 3, rsv1=True),
        masked(1, b"\x03\x00" * 40 + ended, rsv1=True),  # refused: too many final blocks
        masked(8, b"\x03\xe8") + masked(1, packed, rsv1=True),  # ignored
    ):
        trace = opened((TO_SERVER, frames), extension=DEFLATE)
        cleaned = session(*exports(trace))
        assert not leaks(exported(trace, TO_SERVER))
        for frame in cleaned.frames:
            text = _inflated(frame.payload, b"") or b""
            assert not leaks(text) and not leaks(zlib_prefix(frame.payload))


def zlib_prefix(data: bytes) -> bytes:
    """What zlib reads, byte by byte, before it finds an error; behind a final block, too."""
    text = b""
    while data:
        stream = zlib.decompressobj(-15)
        try:
            for at in range(len(data)):
                text += stream.decompress(data[at : at + 1])
                if stream.eof:
                    break
        except zlib.error:
            break
        data = data[at + 1 :]
    return text


@pytest.mark.parametrize("size", [*range(12), 100, 65_535, 65_541, 65_542, 65_546, 65_547, 200_000])
def test_stored_asterisks(size: int) -> None:
    packed = _stored(size)
    assert len(packed) == size
    assert set(Inflater().inflate(packed + b"", 1 << 20)) <= {0x2A} if size in (0, 1) or size > 6 else True


@pytest.mark.parametrize("whole", [True, False])
def test_a_compressed_message_is_read_as_far_as_it_has_come(whole: bool) -> None:
    """Behind a whole one its reader puts four bytes (RFC 7692 §7.2.2), and they may complete a letter."""
    packed, exact = Deflater().deflate(b'{"token":"%b"}' % SECRET), 0
    for size in range(len(packed)):
        read = zlib.decompressobj(-15).decompress(packed[:size] + (TAIL if whole else b""))
        clean, told = _clean_deflated(packed[:size], whole, b"")
        exact += told == without_tokens(read)
        frames = [masked(1, packed[:size], rsv1=True, fin=whole)]
        if not whole:
            frames.append(masked(1, packed, rsv1=True)[: size - len(packed)])
        for frame in frames:
            trace = opened((TO_SERVER, frame), extension=DEFLATE)
            assert exported(trace, TO_SERVER).endswith(mask(clean, KEY))
    assert exact > len(packed) / 2, "the others are asterisks"


def test_what_is_not_marked_as_compressed_is_not_inflated() -> None:
    """Neither for secrets, nor as a text that later messages could refer to."""
    deflater = Deflater(takeover=True)
    packed = [deflater.deflate(HELLO % SECRET) for _ in range(2)]
    looks = Deflater().deflate(HELLO % b"another token of no one")
    frames = masked(1, packed[0], rsv1=True) + masked(2, looks) + masked(1, packed[1], rsv1=True)
    trace = opened((TO_SERVER, frames), extension=DEFLATE)
    again = session(*exports(trace)).frames
    assert [frame.message for frame in again] == [(HELLO % STARS).decode(), looks, (HELLO % STARS).decode()]


def test_a_secret_just_before_the_end_of_what_can_be_read() -> None:
    packed = Deflater().deflate(b'{"token":"%b"}' % SECRET)
    for broken in (packed[:-1] + b"\xff" * 4, packed[:-3] + b"\xff" * 4):
        trace = opened((TO_SERVER, masked(1, broken, rsv1=True)), extension=DEFLATE)
        assert not trace.frames[0].verdict.accepted
        (frame,) = session(*exports(trace)).frames
        assert leaks(zlib_prefix(broken)) and not leaks(zlib_prefix(frame.payload))


def test_a_reference_over_the_whole_window() -> None:
    """32,768 bytes back (RFC 1951 §3.2.5), as far as any may: our own compressor stays a little below."""
    first = b'{"t' + random.Random(1).randbytes(32_765)
    rest = b'oken":"%b"}' % SECRET
    # A fixed block: three bytes from there. A stored one: the rest. The header of the empty one.
    bits = "010" + "0000001" + "11101" + "1" * 13 + "0000000" + "000"
    length = len(rest).to_bytes(2, "little"), (len(rest) ^ 0xFFFF).to_bytes(2, "little")
    second = int(bits[::-1], 2).to_bytes(5, "little") + b"".join(length) + rest + b"\0"
    assert _inflated(second + TAIL, first) == b'{"t' + rest
    frames = masked(2, Deflater(takeover=True).deflate(first), rsv1=True) + masked(2, second, rsv1=True)
    trace = opened((TO_SERVER, frames), extension=DEFLATE)
    again = session(*exports(trace)).frames
    assert [frame.message for frame in trace.frames] == [first, b'{"t' + rest]
    assert [frame.message for frame in again] == [first, b'{"t' + rest.replace(SECRET, STARS)]


def test_frames_without_secrets_are_not_written_anew() -> None:
    packed = Deflater().deflate(b"Hello " * 9)
    trace = opened((TO_SERVER, masked(1, b"Hello") + masked(1, packed, rsv1=True)), extension=DEFLATE)
    assert clean_frames(trace.frames) == {}


def test_every_size_that_can_be_filled() -> None:
    for text in (b"", b"a", b'{"token":"****"}', b"*" * 5000):
        packed = {size: _deflated(text, size) for size in range(200)}
        shortest = min(size for size in packed if packed[size] is not None)
        assert sum(packed[size] is None for size in range(shortest, 200)) <= 2
        for size in range(shortest, 200):
            data = packed[size]
            assert data is None or (len(data), Inflater().inflate(data, 1 << 20)) == (size, text)


def test_a_token_whose_message_is_little_more_than_references() -> None:
    """Where its text can't be kept at that size, all of it is asterisks; where not even these fit, less."""
    words = bytes(random.Random(1).choices(range(65, 91), k=1010))
    for text, read in (
        (b'{"a":"%b","token":"a1"}' % words, 1031),
        (b'{"a":"%b","token":"a1"}' % words[:1000], 7),  # 13 bytes: seven asterisks that are not compressed
        (b'{"token":"abcdef"}', 0),
    ):
        deflater = Deflater()
        packed = [deflater.deflate(b"x" + text), deflater.deflate(text)]
        assert _inflated(packed[1] + TAIL, b"x" + text) == text
        clean, told = _clean_deflated(packed[1], True, b"x" + text)
        assert len(clean) == len(packed[1])
        assert told == _inflated(clean + TAIL, b"x" + text) == b"*" * read


def test_a_bomb_is_not_read_to_its_end() -> None:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = stream.compress(bytes(1 << 25)) + stream.flush(zlib.Z_SYNC_FLUSH)
    assert _inflated(bomb, b"") is None


def test_a_message_that_is_too_long_to_be_read_is_asterisks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overwrite, "_LIMIT", 100)
    packed = Deflater().deflate(random.Random(1).randbytes(300))
    assert _clean_deflated(packed, True, b"") == (_stored(len(packed)), b""), "and neither are these read"


def test_a_real_conversation(tmp_path: Path) -> None:
    """Our own client and server, with compression: the export has the conversation and no token."""
    trace = Trace()
    with serve(lambda ws, message: ws.send(message)) as server, connect(server.url, trace=trace) as ws:
        for message in ("Hello " * 30, (HELLO % SECRET).decode(), "Hello " * 30):
            ws.send(message)
            assert ws.recv(5) == message
    trace.save(tmp_path / "trace.jsonl")
    messages = [f.message for f in Trace.load(tmp_path / "trace.jsonl").frames if f.message is not None]
    for text in ("Hello " * 30, (HELLO % STARS).decode()):
        assert messages.count(text) == (4 if text.startswith("Hello") else 2)
