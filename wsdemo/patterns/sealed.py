"""Sealed messages: only the two at the ends can read them, and neither the server nor the network.

::

    ann's key pair ─ X25519 ─► shared secret ─ HKDF-SHA256 ─► key ann → bob, key bob → ann
    bob's public ────┘                                             │
    "hello" ─ pad to a multiple of 256 bytes ─ AES-256-GCM ────────┘─► {"n": 1, "box": "…"}
                                               nonce: n · authenticated beside it: ["ann", "bob", n]

The parts are RFC 7748, RFC 5869 and RFC 5116; `web/sealed.js` does the same in a browser. A number that is
not above the last one is refused: no message counts twice, or after a later one.

Not promised. A public key that comes over the server may be the server's own: then all looks right, and the
server reads all. Only `fingerprint`, compared over another way, shows it. A stolen key opens what was sealed
under it before (no forward secrecy): make a new pair for each session. Sender, receiver, time and rough
length stay visible. Needs cryptography.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, Final

from wsdemo.protocol.errors import InvalidState

#: The first bytes of HKDF's ``info``.
LABEL: Final = b"wsdemo sealed v1"
#: Bytes: the length of a padded text is a multiple.
BLOCK: Final = 256
#: Bytes that AES-GCM adds to prove a message (RFC 5116 §5.1).
TAG: Final = 16
#: The highest number: whole numbers have no more bits in JavaScript.
LAST: Final = 2**53 - 1

Box = dict[str, Any]


class BadSeal(ValueError):
    """A sealed message that was changed, repeated, or sealed by another key."""


class KeyPair:
    """A new X25519 key pair. ``public``: 32 bytes, for everybody. The other half stays here, in memory.

    Raises ImportError without cryptography.
    """

    def __init__(self) -> None:
        self._private = _library("asymmetric.x25519").X25519PrivateKey.generate()
        self.public: bytes = self._private.public_key().public_bytes_raw()
        self._used: set[bytes] = set()

    def keys(self, theirs: bytes) -> tuple[Any, Any]:
        """The ciphers to and from the owner of a public key, once.

        Raises ValueError for a key that can't be one, InvalidState for the second time: the numbers, which
        serve as nonces, would begin again. ImportError without cryptography.
        """
        if theirs == self.public:
            raise ValueError("the public key is our own, expected that of the other side")
        if theirs in self._used:
            raise InvalidState("these two keys have a Sealer already: make a new KeyPair")
        x25519, hkdf = _library("asymmetric.x25519"), _library("kdf.hkdf")
        shared = self._private.exchange(x25519.X25519PublicKey.from_public_bytes(theirs))
        salt = b"".join(sorted((self.public, theirs)))
        self._used.add(theirs)

        def cipher(sender: bytes, receiver: bytes) -> Any:
            derived = hkdf.HKDF(_library("hashes").SHA256(), 32, salt, LABEL + sender + receiver)
            return _library("ciphers.aead").AESGCM(derived.derive(shared))

        return cipher(self.public, theirs), cipher(theirs, self.public)


class Sealer:
    """Seals for one other, and opens what it sealed. Use it in one thread.

    ``mine``, ``theirs``: own key pair, and the other's public key.
    ``me``, ``them``: the names of both, which a message is bound to.

    Raises ValueError, InvalidState and ImportError as `KeyPair.keys`.

    >>> ann, bob = KeyPair(), KeyPair()
    >>> to_bob, from_ann = Sealer(ann, bob.public, "ann", "bob"), Sealer(bob, ann.public, "bob", "ann")
    >>> message = to_bob.seal("hello")
    >>> message["n"], len(message["box"]), from_ann.open(message)
    (1, 364, 'hello')
    >>> from_ann.open(message)
    Traceback (most recent call last):
    wsdemo.patterns.sealed.BadSeal: message 1, expected a number above 1
    """

    def __init__(self, mine: KeyPair, theirs: bytes, me: str, them: str) -> None:
        self._out, self._in = mine.keys(theirs)
        self._wrong = _library("exceptions").InvalidTag
        self._me, self._them = me, them
        self.sent = self.seen = 0  #: the last number in each direction

    def seal(self, text: str) -> Box:
        """The next message. Raises ValueError for a text that UTF-8 can't hold."""
        padded = _pad(text.encode())
        self.sent += 1
        box = self._out.encrypt(_nonce(self.sent), padded, _bound(self._me, self._them, self.sent))
        return {"n": self.sent, "box": base64.b64encode(box).decode()}

    def open(self, message: Box) -> str:
        """The text of a message. Raises BadSeal; a message that can't be opened changes nothing."""
        n, box = _parts(message)
        if not self.seen < n <= LAST:
            raise BadSeal(f"message {n}, expected a number above {self.seen}")
        try:
            padded = self._in.decrypt(_nonce(n), box, _bound(self._them, self._me, n))
        except self._wrong:
            raise BadSeal(f"message {n} was changed, or sealed by another key") from None
        text = _unpad(padded)
        self.seen = n
        return text


def fingerprint(first: bytes, second: bytes) -> str:
    """60 digits that both sides see only if each has the other's public key; the order does not matter.

    >>> fingerprint(bytes(32), bytes(range(32)))[:23]
    '33282 94644 69569 85102'
    """
    digest = hashlib.sha512(b"".join((LABEL, *sorted((first, second))))).digest()
    groups = (int.from_bytes(digest[i : i + 5]) % 100_000 for i in range(0, 60, 5))
    return " ".join(f"{group:05}" for group in groups)


def _nonce(n: int) -> bytes:
    return n.to_bytes(12)


def _bound(sender: str, receiver: str, n: int) -> bytes:
    return json.dumps([sender, receiver, n], ensure_ascii=False, separators=(",", ":")).encode()


def _pad(data: bytes) -> bytes:
    return data + b"\x80" + bytes(-(len(data) + 1) % BLOCK)  # ISO/IEC 7816-4


def _unpad(padded: bytes) -> str:
    data = padded.rstrip(b"\0")
    if not data.endswith(b"\x80") or len(padded) != len(_pad(data[:-1])):
        raise BadSeal("a sealed message without its padding")
    try:
        return data[:-1].decode()
    except UnicodeDecodeError:
        raise BadSeal("a sealed message that is no UTF-8") from None


def _parts(message: Box) -> tuple[int, bytes]:
    n, text = message.get("n"), message.get("box")
    if type(n) is not int or not isinstance(text, str):
        raise BadSeal("no sealed message: a number n and a text box were expected")
    try:
        box = base64.b64decode(text, validate=True)
    except ValueError:
        box = b""
    if len(box) < BLOCK + TAG or base64.b64encode(box).decode() != text:  # one text for one message
        raise BadSeal(f"message {n}: a box that is no base64 of {BLOCK + TAG} bytes or more")
    return n, box


def _library(part: str) -> Any:
    from importlib import import_module

    try:
        place = "exceptions" if part == "exceptions" else f"hazmat.primitives.{part}"
        return import_module(f"cryptography.{place}")
    except ImportError as error:
        raise ImportError("sealed messages need cryptography: pip install cryptography") from error
