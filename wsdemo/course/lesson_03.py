"""The exercises of lesson 03: the opening handshake."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Callable, Sequence

from wsdemo.course.exercises import Wrong, as_bytes, exercise, kind, same, show
from wsdemo.protocol import HandshakeError, Limits, handshake, http11


@exercise()
def accept_key(answer: Callable[[str], str], rng: random.Random) -> None:
    """The proof for a key: the RFC's own example, then fresh keys."""
    example = "dGhlIHNhbXBsZSBub25jZQ=="
    for key in (example, *(base64.b64encode(rng.randbytes(16)).decode() for _ in range(5))):
        got = answer(key)
        what = f"accept_key({key!r})"
        if isinstance(got, bytes):
            raise Wrong(f"{what} gave the bytes {got!r}: a str is wanted")
        wanted = handshake.accept_key(key)
        if why := _astray(key).get(str(got)):
            raise Wrong(f"{what} should be {wanted!r}; got {got!r}: {why}")
        same(got, wanted, what)


def _astray(key: str) -> dict[str, str]:
    """The proofs that result from well-known slips, and the hint for each."""
    text, guid = key.encode(), handshake.GUID
    right = hashlib.sha1(text + guid)
    proof = base64.b64encode(right.digest()).decode()
    in_urls = base64.urlsafe_b64encode(right.digest()).decode()
    return {
        right.hexdigest(): "that is the hash in hex digits; write its 20 bytes in base64",
        _proof(right.hexdigest().encode()): "that is base64 of the hex digits; take the 20 bytes, digest()",
        _proof(hashlib.sha1(text).digest()): "the fixed text is not appended",
        _proof(hashlib.sha1(guid + text).digest()): "the key stands first, the fixed text behind it",
        _proof(hashlib.sha1(base64.b64decode(key) + guid).digest()): "the key is not decoded first",
        f"{proof}\n": "there is a line end behind the proof",
    } | ({in_urls: "that is base64 in the alphabet for URLs"} if in_urls != proof else {})


def _proof(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _mixed(word: str, rng: random.Random) -> str:
    """The word in some mixture of cases, never the plain one."""
    while True:
        mixed = "".join(rng.choice((char.lower(), char.upper())) for char in word)
        if mixed not in (word, word.lower(), word.upper(), word.capitalize()):
            return mixed


@exercise()
def has_token(answer: Callable[[str, str], bool], rng: random.Random) -> None:
    """A word in a comma-separated list: any case, any white space, the whole word only."""
    more = ["keep-alive", "close", "TE", "HTTP2-Settings"]
    for token in ("upgrade", "websocket"):
        mixed = _mixed(token, rng)
        other = rng.choice(more)
        cases = [
            (token, True),
            (mixed, True),
            (f"{other}, {mixed}", True),
            (f"{other},{mixed}", True),
            (f"{mixed} ,\t{other}", True),
            (f"{other},  {token} , {rng.choice(more)}", True),
            (f"{other} ,\t{mixed}\t", True),
            (f",, {mixed},", True),
            (other, False),
            (f"no-{token}", False),
            (f"{other}, {token}-insecure-requests", False),
            (f"{token} {other}", False),
            (f"{token[:2]} {token[2:]}", False),
            ("", False),
        ]
        for value, wanted in cases:
            same(answer(value, token), wanted, f"has_token({value!r}, {token!r})")
        asked = token.capitalize()
        same(answer(f"{other}, {mixed}", asked), True, f"has_token({f'{other}, {mixed}'!r}, {asked!r})")


@exercise()
def refuse_version(answer: Callable[[str], bytes | None], rng: random.Random) -> None:
    """Version 13 goes on; any other gets 426 and the version that is spoken here."""
    same(answer("13"), None, "refuse_version('13')")
    for version in ("8", "7", "0", str(rng.randint(14, 255)), "255", "130", "213", "013", "x", ""):
        what = f"refuse_version({version!r})"
        got = answer(version)
        if got is None:
            raise Wrong(f"{what} should be a response, as bytes; got None")
        _judge_refusal(what, as_bytes(got, what))


def _judge_refusal(what: str, got: bytes) -> None:
    if b"\n" in got.partition(b"\r\n\r\n")[0].replace(b"\r\n", b""):
        raise Wrong(f"{what}: lines of HTTP end in CR LF, 0d 0a; here is one that ends in 0a alone")
    if b"\r\n\r\n" not in got:
        raise Wrong(f"{what}: the head ends with an empty line, 0d 0a 0d 0a; yours ends {show(got[-4:])}")
    try:
        found = http11.parse_response(got, Limits())
    except HandshakeError as error:
        raise Wrong(f"{what} is no HTTP response: {error}") from None
    if found is None:
        raise Wrong(f"{what}: the response is not whole; a client waits for more of it: Content-Length?")
    response = found[0]
    if "content-length" not in response.headers and "transfer-encoding" not in response.headers:
        raise Wrong(f"{what} has no Content-Length: the client can't know that no body follows, and waits")
    if response.status != 426:
        raise Wrong(f"{what} should have status 426; got {response.status}")
    version = response.headers.get("sec-websocket-version")
    if version is None:
        raise Wrong(f"{what} has no Sec-WebSocket-Version: the client can't know what is spoken here")
    same(version, "13", f"{what}: Sec-WebSocket-Version")
    if "websocket" not in response.headers.tokens("upgrade"):
        raise Wrong(f"{what}: a 426 says what to upgrade to, Upgrade: websocket (RFC 9110 §15.5.22)")
    if "upgrade" not in response.headers.tokens("connection"):
        raise Wrong(f"{what}: a sender of Upgrade must send Connection: Upgrade too (RFC 9110 §7.8)")
    behind = got[found[1] :]
    if "chunked" in response.headers.tokens("transfer-encoding"):
        if not behind.endswith(b"0\r\n\r\n"):
            raise Wrong(f"{what} is chunked, and has no last chunk, 0 and two line ends: a client waits")
    elif behind:
        raise Wrong(f"{what}: {show(behind)} stand behind the response; its length says that it is over")


@exercise()
def choose_subprotocol(answer: Callable[[str | None, list[str]], str | None], rng: random.Random) -> None:
    """The first of the client's list that the server speaks; None where there is none."""
    first, second, third, strange = rng.sample(["chat.v1", "chat.v2", "mqtt", "soap", "wamp", "stomp"], 4)
    version = rng.randint(3, 9)
    cases: Sequence[tuple[str | None, list[str], str | None]] = [
        (first, [first], first),
        (f"{first}, {second}", [second, first, third], first),
        (f"{strange}, {second}, {first}", [first, second], second),
        (f"{strange},{third}", [first, third], third),
        (f"{strange} ,  {first}", [second, first], first),
        (f"{strange},\t{first}\t", [second, first], first),
        (strange, [first, second], None),
        (first, [], None),
        (None, [first], None),
        (f"CHAT.V{version}, {first}", [f"chat.v{version}", first], first),
        (f"{first}.extra", [first], None),
    ]
    for offered, spoken, wanted in cases:
        got = answer(offered, list(spoken))
        why = ""
        if wanted is not None and got in spoken and got != wanted:
            why = " (the client's order counts)"
        if isinstance(got, str) and got.lower() == f"chat.v{version}":
            why = " (upper and lower case differ)"
        same(got, wanted, f"choose_subprotocol({offered!r}, {spoken!r}){why}")


@exercise()
def split_head(answer: Callable[[bytes], tuple[bytes, bytes] | None], rng: random.Random) -> None:
    """The head with its empty line, and every byte behind it; None until the head is whole."""
    proof = base64.b64encode(rng.randbytes(20))
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " + proof
    head += b"\r\n\r\n"
    tricky = b"\x82\x07a\r\n\r\nbc"
    spaces = b"\r\n " + rng.randbytes(2) + b" \r\n"
    some = rng.randbytes(rng.randint(1, 20)).replace(b"\r", b".")
    for rest in (b"", b"\x81\x05Hello", some, tricky, spaces):
        got = answer(head + rest)
        what = f"the 101 and {len(rest)} more bytes"
        if got is None:
            raise Wrong(f"{what}: got None, but the head is whole; {show(rest)} stand behind the head")
        if not isinstance(got, tuple | list) or len(got) != 2:
            raise Wrong(f"{what}: a tuple (head, rest) is wanted; got {kind(got)}")
        for part, name in zip(got, ("head", "rest"), strict=True):
            as_bytes(part, f"{what}: the {name}")
        if got[0] == head[:-4]:
            raise Wrong(f"{what}: the empty line is a part of the head, which should end 0d 0a 0d 0a")
        if rest == tricky and got[0] != head:
            raise Wrong(f"{what}, {show(rest)}: the first empty line ends the head, not a later one")
        same(got[1], rest, f"{what}: the rest")
        same(got[0], head, f"{what}: the head")
    same(answer(b""), None, "nothing has come: the result")
    for cut in {1, len(head) - 1, len(head) - 2, len(head) - 3, rng.randrange(2, len(head))}:
        same(answer(head[:cut]), None, f"only {cut} of {len(head)} bytes of the head have come: the result")
