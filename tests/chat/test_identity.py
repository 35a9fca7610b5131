"""Guests: a name belongs to whoever brought it first."""

from __future__ import annotations

import hmac

import pytest

from tests.chat.visiting import Visitor, ask
from wsdemo.chat import Chat, ChatLimits, Guests, NotAllowed
from wsdemo.chat import identity as module
from wsdemo.patterns.session import Identity

FEW = ChatLimits(names=2, names_kept=60.0)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def refused(guests: Guests, name: str) -> tuple[int, str]:
    with pytest.raises(NotAllowed) as caught:
        guests.log_in(name, None, "::1")
    return caught.value.status, str(caught.value)


def test_a_name_has_one_owner() -> None:
    guests = Guests()
    token = guests.log_in("ann", None, "::1")
    assert guests.identify(token) == Identity("ann") and len(token) == len("ann.") + 32  # 24 random bytes
    assert refused(guests, "ann") == (409, "the name ann is taken: choose another one")
    assert guests.identify("ann.other") is None
    assert guests.issue(token) == token
    guests.log_out("ann.other")
    assert guests.identify(token) is not None
    guests.log_out(token)
    assert guests.identify("ann.other") == Identity("ann")
    assert guests.identify(token) is None


def test_secrets_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared, compare = [], hmac.compare_digest
    monkeypatch.setattr(module.hmac, "compare_digest", lambda a, b: compared.append({a, b}) or compare(a, b))
    guests = Guests()
    guests.identify("ann.secret")
    assert guests.identify("ann.guessed") is None and guests.identify("ann.secret") is not None
    assert compared == [{b"secret", b"guessed"}, {b"secret"}]


def test_a_cookie_from_before_a_restart_counts() -> None:
    token = Guests().log_in("ann", None, "::1")
    assert Guests().identify(token) == Identity("ann")


@pytest.mark.parametrize("name", ["", "Ann", "a b", "@ann", "a.b", "é", "a" * 33, "ann\n"])
def test_names_are_those_of_channels(name: str) -> None:
    guests = Guests()
    assert refused(guests, name) == (400, "a name has 1 to 32 of a-z 0-9 _ -")
    assert guests.identify(f"{name}.secret") is None


@pytest.mark.parametrize("token", ["", "ann", "ann.", "ann.a b", "ann.a.b", "ann." + "a" * 65, "ann.é"])
def test_a_token_has_a_secret(token: str) -> None:
    assert Guests().identify(token) is None


def test_a_name_with_a_connection_is_used() -> None:
    """Else it would be given away after a day, and with it the mailbox of who is still here."""
    clock = Clock()
    guests = Guests(FEW, clock)
    token = guests.log_in("ann", None, "::1")
    guests.log_in("bob", None, "::1")
    guests.is_here = {"ann"}.__contains__
    clock.now += FEW.names_kept + 1.0
    assert refused(guests, "ann")[0] == 409
    assert guests.log_in("bob", None, "::1")
    guests.is_here = set[str]().__contains__
    clock.now += FEW.names_kept
    assert guests.identify(token) == Identity("ann")
    clock.now += FEW.names_kept + 1.0
    assert guests.log_in("ann", None, "::1")


def test_a_chat_knows_whose_name_is_used() -> None:
    clock = Clock()
    with Chat(identity=Guests(FEW, clock)) as chat, Visitor(chat, "ann.secret") as ann:
        ann.until("welcome")
        clock.now += FEW.names_kept + 1.0
        assert ask(chat, "POST", "/login", {"name": "ann"}).status == 409


def test_the_server_has_a_name_that_no_user_has() -> None:
    guests = Guests()
    assert refused(guests, "server")[0] == 409
    assert guests.identify("server.secret") is None


def test_names_are_bounded_and_free_again_when_they_are_not_used() -> None:
    clock = Clock()
    guests = Guests(FEW, clock)
    ann, bob = guests.log_in("ann", None, "::1"), guests.log_in("bob", None, "::1")
    assert refused(guests, "eve")[0] == 503 and guests.identify("eve.secret") is None
    clock.now += 59
    assert guests.identify(ann) and guests.identify("bob.guessed") is None
    clock.now += 2
    assert guests.identify("bob.new") and guests.identify(bob) is None  # a day has passed, on this clock
    assert guests.identify(ann)
