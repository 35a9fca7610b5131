"""Sealed messages: against the parts of their RFCs, against attackers, and with Chromium at the other end."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import wsdemo
from tests import needs
from wsdemo import serve
from wsdemo.net.static import StaticFile
from wsdemo.patterns import sealed
from wsdemo.patterns.sealed import BadSeal, KeyPair, Sealer, fingerprint
from wsdemo.protocol.errors import InvalidState
from wsdemo.protocol.http11 import Headers, Response

TEXTS = [
    "",
    "hello",
    "héllo 👋",
    "x" * 255,
    "x" * 256,
    "x" * 10_000,
    "\ufeffmark",
    "\x80\x00\x00",
    "a\n\u2028\x00",
]


def two(me: str = "ann", them: str = "bob") -> tuple[Sealer, Sealer]:
    first, second = KeyPair(), KeyPair()
    return Sealer(first, second.public, me, them), Sealer(second, first.public, them, me)


@pytest.mark.parametrize("text", TEXTS, ids=repr)
def test_what_is_sealed_is_opened(text: str) -> None:
    ann, bob = two()
    for sealer, opener in ((ann, bob), (bob, ann), (ann, bob)):
        message = json.loads(json.dumps(sealer.seal(text)))
        assert opener.open(message) == text
        assert len(base64.b64decode(message["box"])) == (len(text.encode()) // 256 + 1) * 256 + 16


def test_the_parts_are_those_of_the_rfcs() -> None:
    """HKDF by hand (RFC 5869 §2), and the nonce is the number."""
    from hashlib import sha256
    from hmac import digest

    pair, other = KeyPair(), KeyPair()
    secret = other._private.exchange(pair._private.public_key())
    extracted = digest(b"".join(sorted((pair.public, other.public))), secret, sha256)
    key = digest(extracted, b"wsdemo sealed v1" + pair.public + other.public + b"\x01", sha256)
    sealer = Sealer(pair, other.public, "ann", "bob")
    sealer.seal("the first")
    box = base64.b64decode(sealer.seal("hello")["box"])
    opened = AESGCM(key).decrypt(bytes(11) + b"\x02", box, b'["ann","bob",2]')
    assert opened == b"hello\x80" + bytes(250)


def test_each_direction_has_a_key_of_its_own() -> None:
    """Both count from 1, so with one key two messages would have one nonce."""
    ann, bob = two()
    there, back = (cipher.encrypt(bytes(12), b"hello", None) for cipher in (ann._out, bob._out))
    assert there != back
    assert (bob._in.decrypt(bytes(12), there, None), ann._in.decrypt(bytes(12), back, None)) == 2 * (
        b"hello",
    )


def changed(chance: random.Random, message: dict[str, Any], earlier: list[dict[str, Any]]) -> dict[str, Any]:
    """A message that nobody sealed as it is now, or that came before."""
    data = bytearray(base64.b64decode(message["box"]))
    n = message["n"]
    match chance.randrange(8):
        case 0:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        case 1:
            del data[chance.randrange(len(data)) :]
        case 2:
            data += bytes(chance.choice((1, 16, 256)))
        case 3:
            n = chance.choice([n + chance.randrange(1, 5), n - 1, 0, -n, 2**53, 2**64, True, None, str(n)])
        case 4:
            return chance.choice(earlier)
        case 5:
            return {"n": n, "box": chance.choice(earlier)["box"]}
        case 6:
            text = message["box"]
            i = chance.randrange(len(text))
            letter = chance.choice([c for c in "ABCDwxyz0189+/=-_ \n€" if c != text[i]])
            return {"n": n, "box": text[:i] + letter + text[i + 1 :]}
        case 7:
            key = AESGCM(chance.randbytes(32))
            data = key.encrypt(
                sealed._nonce(n), b"hello\x80".ljust(256, b"\0"), sealed._bound("ann", "bob", n)
            )
    return {"n": n, "box": base64.b64encode(bytes(data)).decode()}


def accepted(tries: int, seed: int) -> int:
    """The number of forged messages that are opened, of so many."""
    chance = random.Random(seed)
    (ann, bob), count = two(), 0
    earlier = [ann.seal(f"number {i}") for i in range(5)]
    for message in earlier:
        bob.open(message)
    message = ann.seal("the true one")
    for _ in range(tries):
        try:
            bob.open(changed(chance, message, earlier))
            count += 1
        except BadSeal:
            pass
    assert bob.seen == 5 and bob.open(message) == "the true one"  # what can't be opened changes nothing
    return count


@pytest.mark.parametrize("seed", range(5))
def test_no_forged_message_is_opened(seed: int) -> None:
    assert accepted(200, seed) == 0


def other_spelling(message: dict[str, Any]) -> dict[str, Any]:
    """The same bytes as another text: the last letter of this base64 has two bits that stand for nothing."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    text = message["box"]
    other = text[:-2] + letters[letters.index(text[-2]) + 1] + "="
    assert base64.b64decode(other) == base64.b64decode(text)
    return {**message, "box": other}


def test_a_message_has_one_spelling() -> None:
    ann, bob = two()
    with pytest.raises(BadSeal, match="no base64"):
        bob.open(other_spelling(ann.seal("hello")))


def test_a_message_is_bound_to_its_key_its_names_and_its_direction() -> None:
    ann, bob = two()
    message = ann.seal("for bob")
    _, stranger = two()
    first, second = KeyPair(), KeyPair()
    for_carol, from_carol = (
        Sealer(first, second.public, "ann", "carol"),
        Sealer(second, first.public, "bob", "ann"),
    )
    for opener, wrong in ((stranger, message), (ann, message), (from_carol, for_carol.seal("for carol"))):
        with pytest.raises(BadSeal, match="changed, or sealed by another key"):
            opener.open(wrong)
    assert bob.open(message) == "for bob"


def test_a_later_message_shuts_out_those_before() -> None:
    ann, bob = two()
    first, second, third = (ann.seal(text) for text in "abc")
    assert bob.open(second) == "b"
    for late in (first, second):
        with pytest.raises(BadSeal, match=r"expected a number above 2"):
            bob.open(late)
    assert bob.open(third) == "c"


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"n": 1},
        {"n": 1.0, "box": "A" * 364},
        {"n": 1, "box": 5},
        {"n": 1, "box": ""},
        {"n": 1, "box": "€"},
    ],
)
def test_no_message_at_all(message: dict[str, Any]) -> None:
    with pytest.raises(BadSeal):
        two()[0].open(message)


@pytest.mark.parametrize(
    "padded",
    [
        b"",
        bytes(256),
        b"no mark".ljust(256, b"\1"),
        b"a\x80" + bytes(255),
        b"a\x80" + bytes(510),
        b"\xff\x80" + bytes(254),
    ],
)
def test_padding_is_checked(padded: bytes) -> None:
    """By one who has the key: a text has one sealed form."""
    ann, bob = two()
    box = ann._out.encrypt(sealed._nonce(1), padded, sealed._bound("ann", "bob", 1))
    with pytest.raises(BadSeal):
        bob.open({"n": 1, "box": base64.b64encode(box).decode()})


def test_two_keys_meet_once() -> None:
    """A second Sealer would begin at number 1 again, with the same key: the nonce must never come twice."""
    pair, other = KeyPair(), KeyPair()
    Sealer(pair, other.public, "ann", "bob")
    with pytest.raises(InvalidState, match="make a new KeyPair"):
        Sealer(pair, other.public, "ann", "bob")


@pytest.mark.parametrize("key", [bytes(32), b"\x01" + bytes(31), b"short", bytes(33)])
def test_keys_that_are_none(key: bytes) -> None:
    """Points of low order give a secret that everybody knows (RFC 7748 §6.1)."""
    with pytest.raises(ValueError):
        Sealer(KeyPair(), key, "ann", "bob")


def test_its_own_public_key_is_refused() -> None:
    """Both directions would have one key."""
    pair = KeyPair()
    with pytest.raises(ValueError, match="our own"):
        Sealer(pair, pair.public, "ann", "bob")


def test_the_fingerprint_shows_another_key() -> None:
    """A lying server: two good conversations, and digits that differ."""
    ann, bob, server = KeyPair(), KeyPair(), KeyPair()
    assert fingerprint(ann.public, bob.public) == fingerprint(bob.public, ann.public)
    assert len({fingerprint(ann.public, server.public), fingerprint(server.public, bob.public)}) == 2
    digits = fingerprint(ann.public, bob.public).replace(" ", "")
    assert len(digits) == 60 and digits.isdecimal()


def test_without_cryptography(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cryptography.hazmat.primitives.asymmetric.x25519", None)
    with pytest.raises(ImportError, match="pip install cryptography"):
        KeyPair()


# -- and in a browser ----------------------------------------------------------------------------------------

SCRIPT = Path(wsdemo.__file__).parent / "web" / "sealed.js"


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    html = Response(200, "OK", Headers([("Content-Type", "text/html")]), b"<!doctype html><title>-</title>")
    with serve(None) as server, sync_playwright() as playwright:
        server.route("/", lambda request: html)
        server.route("/sealed.js", StaticFile(SCRIPT))
        browser = playwright.chromium.launch(executable_path=needs.chromium_path(), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.port}/")
        page.evaluate("async () => { window.sealed = await import('/sealed.js'); }")
        yield page
        browser.close()


MAKE = """async ([theirs, me, them]) => {
  const { keyPair, Sealer, fingerprint } = sealed;
  const other = Uint8Array.from(theirs);
  window.mine = await keyPair();
  window.sealer = await Sealer.make(mine, other, me, them);
  return [Array.from(mine.publicKey), await fingerprint(mine.publicKey, other)];
}"""
REFUSED = "message => sealer.open(message).then(() => 'opened', (error) => error.name)"


def meet(page: Any, me: str = "ann", them: str = "bob") -> Sealer:
    pair = KeyPair()
    public, digits = page.evaluate(MAKE, [list(pair.public), them, me])
    assert digits == fingerprint(pair.public, bytes(public))
    return Sealer(pair, bytes(public), me, them)


@needs.chromium
def test_python_and_chromium_read_each_other(page: Any) -> None:
    ours = meet(page, "änn 👋\n\u2028", "bob")
    for text in TEXTS:
        assert page.evaluate("message => sealer.open(message)", ours.seal(text)) == text
        assert ours.open(page.evaluate("text => sealer.seal(text)", text)) == text


@needs.chromium
def test_chromium_opens_no_forged_message(page: Any) -> None:
    ours, chance = meet(page), random.Random(7)
    earlier = [ours.seal(str(i)) for i in range(3)]
    for message in earlier:
        page.evaluate("message => sealer.open(message)", message)
    true = ours.seal("true")
    for _ in range(150):
        assert page.evaluate(REFUSED, changed(chance, true, earlier)) != "opened"
    assert page.evaluate(REFUSED, other_spelling(true)) != "opened"
    both = "message => Promise.allSettled([sealer.open(message), sealer.open(message)])"
    assert [done["status"] for done in page.evaluate(both, true)] == ["fulfilled", "rejected"]


@needs.chromium
def test_chromium_refuses_what_python_refuses(page: Any) -> None:
    meet(page)
    made = "sealed.Sealer.make(mine, Uint8Array.from(key), 'a', 'b')"
    make = f"key => {made}.then(() => 'made', (error) => error.message)"
    own = page.evaluate("Array.from(mine.publicKey)")
    assert "our own" in page.evaluate(make, own)
    assert page.evaluate(make, [0] * 32) != "made"
    other = list(KeyPair().public)
    assert [page.evaluate(make, other), page.evaluate(make, other)][0] == "made"
    assert "new key pair" in page.evaluate(make, other)
    assert "lone surrogate" in page.evaluate("sealer.seal('\\ud800').catch((error) => error.message)")
