"""The exercises of lesson 13: private and authenticated."""

from __future__ import annotations

import datetime
import functools
import random
import ssl
from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

from wsdemo.course.exercises import Wrong, exercise, kind, same, show

#: The name that the client of `trusting` wants to talk to.
HOST: Final = "chat.example"


class Authorities(NamedTuple):
    """The certificate authority that is trusted, and servers: by a description, with the verdict wanted."""

    pem: str
    servers: tuple[tuple[str, ssl.SSLContext, bool], ...]


@functools.cache
def authorities() -> Authorities:
    """Two authorities, made here and for here alone; ImportError without trustme."""
    try:
        import trustme
    except ImportError as error:
        raise ImportError("this exercise needs trustme: pip install trustme") from error
    ours, stranger = trustme.CA(), trustme.CA()
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    certificates = (
        (f"a certificate of the CA for {HOST}", ours.issue_cert(HOST), True),
        ("a certificate of the CA for evil.example", ours.issue_cert("evil.example"), False),
        (f"a certificate of another CA for {HOST}", stranger.issue_cert(HOST), False),
        ("a certificate of the CA that ended in 2020", ours.issue_cert(HOST, not_after=past), False),
    )
    made = []
    for words, certificate, wanted in certificates:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        made.append((words, context, wanted))
    return Authorities(ours.cert_pem.bytes().decode(), tuple(made))


@exercise(deadline=10.0)
def trusting(answer: Callable[[str], ssl.SSLContext], rng: random.Random) -> None:
    """The right name by the right authority gets in; a wrong name, another authority or an old one, no."""
    pem, servers = authorities()
    context = answer(pem)
    if not isinstance(context, ssl.SSLContext):
        raise Wrong(f"trusting(pem) should be an ssl.SSLContext; got {kind(context)}")
    for words, server, wanted in rng.sample(servers, len(servers)):
        what = f"a server that shows {words}, when you connect to {HOST}:"
        try:
            refusal = "" if _shake_hands(context, server) else "it did not end"
        except ssl.SSLError as error:
            refusal = error.reason or str(error)
        if wanted and refusal:
            raise Wrong(f"{what} it should get in; got {refusal}")
        if not wanted and not refusal:
            raise Wrong(f"{what} it should be refused; it got in")


def _shake_hands(client: ssl.SSLContext, server: ssl.SSLContext) -> bool:
    """Whether the handshake of the two comes to its end, without a wire. Raises ssl.SSLError."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [client.wrap_bio(back, there, server_hostname=HOST), server.wrap_bio(there, back, True)]
    for _ in range(10):
        for side in list(sides):
            try:
                side.do_handshake()
                sides.remove(side)
            except ssl.SSLWantReadError:
                pass
        if not sides:
            return True
    return False


#: Header fields whose values a log may have.
HARMLESS: Final = ("host", "user-agent", "origin")


@exercise()
def log_line(answer: Callable[[str, list[tuple[str, str]]], str], rng: random.Random) -> None:
    """Path, and names of fields; values of three harmless fields; no query, no other value."""
    targets = ["/chat?ticket={}", "/chat?a=1&Token={}&b=2", "/?{}", "/rooms/tea?x=?{}", "/rooms/tea"]
    for form in rng.sample(4 * targets, 4 * len(targets)):
        secret = rng.randbytes(8).hex()
        target, path = form.format(secret), form.partition("?")[0]
        fields = [
            ("Host", "chat.example"),
            (rng.choice(["Cookie", "cookie", "COOKIE"]), f"a=1; session={secret}"),
            (rng.choice(["Authorization", "authorization"]), f"Bearer {secret}"),
            ("Sec-WebSocket-Protocol", f"wsdemo.chat.v1, {secret}"),
            (rng.choice(["X-Api-Key", "X-Auth", "Proxy-Authorization", "Api-Token"]), secret),
            (rng.choice(["User-Agent", "user-agent"]), "Browser/1.0"),
            ("Origin", "https://chat.example"),
            # Not the three, though one of their names is in it, or it in one of theirs.
            (rng.choice(["X-Forwarded-Host", "Original-Origin"]), secret),
            (rng.choice(["Age", "Agent", "Or"]), secret),
            ("Set-Thing", "1"),
            ("Set-Thing", "2"),  # a name may come twice
        ]
        rng.shuffle(fields)
        if rng.random() < 0.3:
            fields = fields[:2]
        shown = [f"{name}: {value if name.lower() in HARMLESS else '*'}" for name, value in fields]
        wanted = "; ".join([path, *shown])
        got = answer(target, list(fields))
        if isinstance(got, str) and secret in got:
            raise Wrong(f"log_line({target!r}, …): the secret {secret} should not be there; got {show(got)}")
        same(got, wanted, f"log_line({target!r}, {show(fields)})")


class TicketOffice(Protocol):
    """The class that the learner writes."""

    def issue(self, user: str, now: float) -> str: ...

    def take(self, ticket: str, now: float) -> str | None: ...


@exercise()
def Once(answer: Callable[[], TicketOffice], rng: random.Random) -> None:
    """A ticket counts once, for 30 seconds, for its user; no one can guess it; two objects apart."""
    start = float(rng.randrange(100, 1000))
    office, other = answer(), answer()
    ana, ben, late, edge = (office.issue(user, start) for user in ("ana", "ben", "ana", "ben"))
    _unguessable(answer, office, [ana, ben, late, edge])
    for ticket, after, wanted, words in (
        (ana, 1.0, "ana", "the first time"),
        (ana, 1.5, None, "the second time"),
        (edge, 29.9, "ben", "after 29.9 s"),
        (late, 30.0, None, "after 30 s"),
        (late, 1.0, None, "that came too late before"),
        (ben, 2.0, "ben", "after others were taken"),
        (ben, 2.0, None, "the second time"),
        ("no-such-ticket", 1.0, None, "that was never issued"),
        ("", 1.0, None, "without a letter"),
    ):
        got = office.take(ticket, start + after)
        same(got, wanted, f"take() of a ticket {words}")
    same(other.take(office.issue("ana", start), start), None, "take() of a ticket of another office")


def _unguessable(answer: Callable[[], TicketOffice], office: TicketOffice, tickets: list[str]) -> None:
    for ticket in tickets:
        if not isinstance(ticket, str):
            raise Wrong(f"issue() should give a str; got {kind(ticket)}")
        if len(ticket) < 16:
            raise Wrong(
                f"a ticket should have 16 letters or more, for it must not be guessed; got {ticket!r}"
            )
    same(len(set(tickets)), len(tickets), "of 4 tickets, those that differ")
    changing = sum(len(set(letters)) > 1 for letters in zip(*tickets, strict=False))
    if changing < 12:
        raise Wrong(
            f"one ticket should say nothing about the next; of 4 only {changing} letters differ: "
            f"{tickets[0]!r}, {tickets[1]!r}"
        )
    state = random.getstate()
    try:
        found = []
        for _ in range(2):
            random.seed(13)
            found.append(answer().issue("ana", 0.0))
    finally:
        random.setstate(state)
    if found[0] == found[1]:
        raise Wrong("two offices should never issue one ticket: random can be guessed, take it from secrets")


@exercise()
def due(answer: Callable[[float | None, float, bool], str | None], rng: random.Random) -> None:
    """Told once, 60 seconds before the end; closed at the end, told or not; without an end, never."""
    for _ in range(3):
        ends = float(rng.randrange(1000, 2000))
        cases: list[tuple[float | None, float, bool, str | None]] = [
            (ends, ends - 900, False, None),
            (ends, ends - 60.5, False, None),
            (ends, ends - 60, False, "tell"),
            (ends, ends - 59.5, False, "tell"),
            (ends, ends - 59.5, True, None),
            (ends, ends - 0.5, False, "tell"),
            (ends, ends - 0.5, True, None),
            (ends, ends, True, "close"),
            (ends, ends, False, "close"),
            (ends, ends + 5000, True, "close"),
            (ends, ends + 1, False, "close"),
            (None, ends, False, None),
            (None, ends, True, None),
            (0.0, ends, False, "close"),
        ]
        rng.shuffle(cases)
        for expires, now, told, wanted in cases:
            when = "no end" if expires is None else f"{expires - now:.1f} s before the end"
            same(
                answer(expires, now, told), wanted, f"due() with {when}, {'' if told else 'not '}told before,"
            )


class Cipher:
    """The key of one direction. What it has not encrypted itself it does not decrypt."""

    def __init__(self) -> None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._aead, self._wrong = AESGCM(AESGCM.generate_key(256)), InvalidTag

    def box(self, n: int, text: str) -> dict[str, Any]:
        """Message number ``n``."""
        return {"n": n, "box": self._aead.encrypt(n.to_bytes(12, "big"), text.encode(), b"ana to ben %d" % n)}

    def decrypt(self, n: int, box: bytes) -> str:
        """The text of a box; ValueError where a bit of it, or its number, is another one."""
        try:
            return self._aead.decrypt(n.to_bytes(12, "big"), box, b"ana to ben %d" % n).decode()
        except self._wrong:
            raise ValueError("changed, or sealed by another key") from None


@exercise()
def open_next(
    answer: Callable[[Callable[[int, bytes], str], dict[str, int], dict[str, Any]], str], rng: random.Random
) -> None:
    """In order, each at most once; what was changed, repeated or comes too late is refused and forgotten."""
    cipher, stranger = Cipher(), Cipher()
    words = [f"{rng.choice(['tea', 'naïve', '', '日本'])} {number}" for number in range(9)]
    first, second, third, fourth, fifth, ninth = (cipher.box(n, words[n - 1]) for n in (1, 2, 3, 4, 5, 9))
    much_later = cipher.box(rng.randint(5_000, 1 << 40), "still there?")
    flipped = bytearray(fourth["box"])
    flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
    state = {"last": 0}
    for words_of, message, wanted in (
        ("message 1", first, words[0]),
        ("message 1 again", first, None),
        ("message 3, for 2 is late", third, words[2]),
        ("message 2, which is late", second, None),
        ("message 3 again", third, None),
        ("message 1 under the number 4", {**first, "n": 4}, None),
        ("message 4 with a bit flipped", {**fourth, "box": bytes(flipped)}, None),
        ("message 4, cut", {**fourth, "box": fourth["box"][:-1]}, None),
        ("a stranger's message 1000", stranger.box(1000, "hello"), None),
        ("message 4, after forged ones", fourth, words[3]),
        ("message 5", fifth, words[4]),
        ("message 9, for 6 to 8 are lost", ninth, words[8]),
        ("message 0", cipher.box(0, "zero"), None),
        ("a message after thousands were lost", much_later, "still there?"),
    ):
        _open(answer, cipher, state, words_of, message, wanted)


def _open(
    answer: Callable[[Callable[[int, bytes], str], dict[str, int], dict[str, Any]], str],
    cipher: Cipher,
    state: dict[str, int],
    words: str,
    message: dict[str, Any],
    wanted: str | None,
) -> None:
    before = dict(state)
    try:
        got = answer(cipher.decrypt, state, dict(message))
    except ValueError as error:
        if wanted is not None:
            raise Wrong(f"{words} should be opened, with {show(before)}; got ValueError: {error}") from None
        same(state, before, f"after {words} was refused, the state")
        return
    if wanted is None:
        raise Wrong(f"{words} should raise ValueError, with {show(before)}; got {show(got)}")
    same(got, wanted, words)
    same(state, {"last": message["n"]}, f"after {words}, the state")
