"""What can't be an argument is refused in the call: which, what it got, what it takes."""

from __future__ import annotations

import functools
import math
import types
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from wsdemo.protocol.arguments import check_done, check_function, check_seconds, check_whole, got, list_of
from wsdemo.protocol.codes import Side
from wsdemo.protocol.deflate import Deflate
from wsdemo.protocol.frames import close_payload
from wsdemo.protocol.handshake import check_hosts, check_origins, check_subprotocols, parse_url, request
from wsdemo.protocol.headers import Headers
from wsdemo.protocol.limits import Limits, limits_or_default
from wsdemo.protocol.protocol import Protocol


async def coroutine_function(*args: Any) -> str:
    return "yes"


async def asynchronous_generator(*args: Any) -> AsyncIterator[str]:
    yield "yes"


def generator(*args: Any) -> Iterator[str]:
    yield "yes"


@types.coroutine
def old_coroutine(*args: Any) -> Iterator[str]:
    yield "yes"


class Asynchronous:
    async def __call__(self, *args: Any) -> str:
        return "yes"

    async def method(self, *args: Any) -> str:
        return "yes"

    @classmethod
    async def of_class(cls, *args: Any) -> str:
        return "yes"

    @staticmethod
    async def static(*args: Any) -> str:
        return "yes"

    bound = functools.partialmethod(method, 1)


#: Functions whose call has done nothing when it returns.
NEVER_DONE: dict[str, Callable[..., Any]] = {
    "async def": coroutine_function,
    "async def with yield": asynchronous_generator,
    "generator": generator,
    "types.coroutine": old_coroutine,
    "partial": functools.partial(coroutine_function, 1),
    "partial of a partial of an object": functools.partial(functools.partial(Asynchronous(), 1), 2),
    "object": Asynchronous(),
    "method": Asynchronous().method,
    "class method": Asynchronous.of_class,
    "static method": Asynchronous.static,
    "partial method": Asynchronous().bound,
    "partial of a method": functools.partial(Asynchronous().method, 1),
    "partial of a generator": functools.partial(generator, 1),
}


@functools.wraps(coroutine_function)
def runs_it(*args: Any) -> str:
    """An adapter: it has the signs of the coroutine function that it wraps, and runs it."""
    with pytest.raises(StopIteration) as caught:
        coroutine_function().send(None)
    return str(caught.value.value)


class Plain:
    def __call__(self, *args: Any) -> str:
        return "yes"

    def method(self, *args: Any) -> str:
        return "yes"


DONE: dict[str, Callable[..., Any]] = {
    "lambda": lambda: "yes",
    "builtin": "yes".upper,
    "object": Plain(),
    "method": Plain().method,
    "partial": functools.partial(Plain(), 1),
    "adapter": runs_it,
    "cached": functools.lru_cache(lambda: "yes"),
}


@pytest.mark.parametrize("kind", NEVER_DONE)
def test_a_function_whose_call_does_nothing_is_refused(kind: str) -> None:
    with pytest.raises(
        TypeError, match=r"^option: got (an asynchronous|a generator) function, .*; expected X$"
    ):
        check_function("option", NEVER_DONE[kind], 1, "X")


@pytest.mark.parametrize("kind", DONE)
def test_a_function_is_taken(kind: str) -> None:
    check_function("option", DONE[kind], 0, "X")
    check_done("option", DONE[kind]())


@pytest.mark.parametrize("value", [None, 5, "text", Plain, dict, [len]])
def test_what_is_no_function_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match=r"^option: got .*, expected X$"):
        check_function("option", value, 1, "X")


@functools.wraps(lambda one: one)
def wraps_another(one: Any, two: Any) -> None:
    """Takes two arguments, whatever it wraps."""


class Two:
    def __call__(self, one: Any, two: Any) -> None: ...


@pytest.mark.parametrize(
    "function",
    [
        lambda one, two: 1,
        lambda *all: 1,
        lambda one, two, three=3: 1,
        wraps_another,
        Two(),
        print,
        "".replace,
        dict.get,
    ],
)
def test_a_function_of_two_arguments(function: Any) -> None:
    check_function("option", function, 2, "X")


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda: 1, "()"),
        (lambda one: 1, "(one)"),
        (lambda one, two, three: 1, "(one, two, three)"),
        (lambda one, two, *, three: 1, "(one, two, *, three)"),
        (functools.partial(Two(), 1), "(two: 'Any') -> 'None'"),
        (lambda one=" " * 100: 1, "(one='" + " " * 54),
    ],
)
def test_a_function_of_other_arguments_is_refused(function: Any, text: str) -> None:
    """As a handler of websockets, which takes the connection alone."""
    with pytest.raises(TypeError) as caught:
        check_function("option", function, 2, "X")
    assert str(caught.value) == f"option: got a function of {text}, expected X"


@pytest.mark.parametrize("kind", NEVER_DONE)
def test_what_such_a_function_gives_is_refused_and_closed(kind: str) -> None:
    """No warning that a coroutine was never awaited: warnings are errors in these tests."""
    with pytest.raises(TypeError, match=r"^option gave a value of type \w+, which nothing awaits here"):
        check_done("option", NEVER_DONE[kind]())


@pytest.mark.parametrize("result", [None, 0, "", [], (x for x in ()).__class__, Plain()])
def test_any_other_result_is_done(result: object) -> None:
    check_done("option", result)


#: (check, value, error, its text)
REFUSED: list[tuple[Callable[[Any], object], Any, type[Exception], str]] = [
    (
        lambda port: check_whole("port", port, 0, 65535),
        "8000",
        TypeError,
        "port: got the text '8000', expected",
    ),
    (
        lambda port: check_whole("port", port, 0, 65535),
        True,
        TypeError,
        "port: got True, expected a whole number",
    ),
    (lambda port: check_whole("port", port, 0, 65535), 1.0, TypeError, "port: got 1.0, expected a whole"),
    (lambda port: check_whole("port", port, 0, 65535), None, TypeError, "port: got None, expected"),
    (
        lambda port: check_whole("port", port, 0, 65535),
        -1,
        ValueError,
        "port: got -1, expected a whole number from",
    ),
    (lambda port: check_whole("port", port, 0, 65535), 65536, ValueError, "from 0 to 65535"),
    (lambda size: check_whole("size", size, 1), -(10**50), ValueError, "size: got a number of 167 bits"),
    (
        lambda time: check_seconds("every", time),
        "3",
        TypeError,
        "every: got the text '3', expected a number of",
    ),
    (lambda time: check_seconds("every", time), True, TypeError, "every: got True"),
    (lambda time: check_seconds("every", time), math.nan, ValueError, "every: got nan, expected"),
    (lambda time: check_seconds("every", time), 0, ValueError, "more than 0"),
    (lambda time: check_seconds("every", time), -1.5, ValueError, "got -1.5"),
    (
        lambda names: list_of("names", names),
        "chat",
        TypeError,
        "names: got the text 'chat', expected a list of",
    ),
    (lambda names: list_of("names", names), b"chat", TypeError, "names: got a value of type bytes"),
    (lambda names: list_of("names", names), {"a": "b"}, TypeError, "names: got a value of type dict"),
    (lambda names: list_of("names", names), None, TypeError, "names: got None, expected a list of"),
    (check_subprotocols, "chat", TypeError, "subprotocols: got the text 'chat'"),
    (check_subprotocols, [5], TypeError, "subprotocols: got 5, expected names"),
    (check_subprotocols, ["a", "a b"], ValueError, "subprotocols: number 2 of 2, expected names without"),
    (check_subprotocols, [""], ValueError, "subprotocols: number 1 of 1, expected names without"),
    (check_subprotocols, ["a", "a"], ValueError, "subprotocols: a name stands twice"),
    (check_hosts, "x", TypeError, "hosts: got the text 'x'"),
    (check_hosts, [None], TypeError, "hosts: got None, expected names of hosts"),
    (check_hosts, ["http://a"], ValueError, "without scheme and port"),
    (check_hosts, ["a:80"], ValueError, "without scheme and port"),
    (check_hosts, ["bücher.example"], ValueError, "hosts: got"),
    (check_hosts, [""], ValueError, "hosts: got the text ''"),
    (
        check_origins,
        "http://a",
        TypeError,
        "origins: got the text 'http://a', expected a list of origins, or '*'",
    ),
    (check_origins, [5], TypeError, "origins: got 5"),
    (check_origins, ["*"], ValueError, "origins='*' allows any"),
    (check_origins, ["a.example"], ValueError, "expected 'https://example.com'"),
    (check_origins, ["http://a.example/"], ValueError, "no more, no less"),
    (check_origins, ["http://A.example"], ValueError, "origins: got"),
    (check_origins, ["http://"], ValueError, "origins: got"),
    (
        lambda url: parse_url(url),
        b"ws://a",
        TypeError,
        "url: got a value of type bytes, expected a text such as",
    ),
    (lambda url: parse_url(url), None, TypeError, "url: got None"),
    (lambda more: request("ws://a", headers=more), "A: hunter2", TypeError, "headers: got"),
    (
        lambda more: request("ws://a", headers=more),
        ["A: hunter2"],
        TypeError,
        "headers: got a field of type str",
    ),
    (
        lambda more: request("ws://a", headers=more),
        [("A", "hunter2", "c")],
        TypeError,
        "a field of type tuple",
    ),
    (
        lambda more: request("ws://a", headers=more),
        {"A": b"hunter2"},
        TypeError,
        "a field of type (str, bytes)",
    ),
    (lambda more: request("ws://a", headers=more), 5, TypeError, "headers: got 5"),
    (lambda code: close_payload(code), "1000", TypeError, "code: got the text '1000'"),
    (lambda code: close_payload(code), True, TypeError, "code: got True"),
    (lambda reason: close_payload(1000, reason), b"bye", TypeError, "reason: got a value of type bytes"),
    (limits_or_default, 5, TypeError, "limits: got 5, expected a Limits, or None for the defaults"),
    (limits_or_default, {}, TypeError, "limits: got a value of type dict"),
    (limits_or_default, Limits, TypeError, "limits: got the class Limits"),
    (Deflate.of, "gzip", TypeError, "compression: got the text 'gzip', expected True, False, or a Deflate"),
    (Deflate.of, 1, TypeError, "compression: got 1"),
    (Deflate.of, Deflate, TypeError, "compression: got the class Deflate"),
    (
        lambda flag: Deflate(server_context_takeover=flag),
        1,
        TypeError,
        "server_context_takeover: got 1, expected",
    ),
    (
        lambda bits: Deflate(client_max_window_bits=bits),
        16,
        ValueError,
        "client_max_window_bits: got 16, expected",
    ),
    (lambda bits: Deflate(server_max_window_bits=bits), 9.0, TypeError, "server_max_window_bits: got 9.0"),
    (lambda level: Deflate(level=level), True, TypeError, "level: got True"),
    (
        lambda level: Deflate(memory_level=level),
        0,
        ValueError,
        "memory_level: got 0, expected a whole number from 1",
    ),
    (lambda size: Deflate(threshold=size), -1, ValueError, "threshold: got -1"),
    (lambda key: Protocol(Side.CLIENT, opened=True, masking_key=key), "abcd", TypeError, "masking_key: got"),
    (lambda key: Protocol(Side.CLIENT, opened=True, masking_key=key), b"abc", ValueError, "got 3 bytes"),
    (
        lambda key: Protocol(Side.CLIENT, opened=True, masking_key=key),
        coroutine_function,
        TypeError,
        "masking_key: got an asynchronous function",
    ),
]


@pytest.mark.parametrize(("check", "value", "error", "text"), REFUSED)
def test_refused(check: Callable[[Any], object], value: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        check(value)
    assert text in str(caught.value) and "hunter2" not in str(caught.value)
    assert len(str(caught.value)) < 200 and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", Limits.__slots__)
@pytest.mark.parametrize("value", [True, "5", -1, math.nan, math.inf, [], b"", 1j, -math.inf, -0.5])
def test_every_limit_is_a_number_that_can_be_a_limit(name: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{name}: got .*, expected ") as caught:
        Limits(**{name: value})
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize("name", Limits.__slots__)
def test_none_is_no_bound_where_that_is_a_choice(name: str) -> None:
    if name in ("ping_interval", "pong_timeout", "idle_timeout", "per_address"):
        assert getattr(Limits(**{name: None}), name) is None
    else:
        with pytest.raises((TypeError, ValueError), match=f"^{name}: got None"):
            Limits(**{name: None})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["fragments", "handshakes", "turn_size", "inbox_messages", "close_timeout"])
def test_a_limit_of_0_through_which_nothing_would_pass(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: got 0, expected"):
        Limits(**{name: 0})  # type: ignore[arg-type]


def test_what_is_taken() -> None:
    assert Limits(message_size=0, high_water=0, overflow="latest").message_size == 0
    assert Deflate.of(True) == Deflate.of("deflate") == Deflate() and Deflate.of(Deflate(level=1)) == Deflate(
        level=1
    )
    assert Deflate.of(False) is Deflate.of(None) is None
    assert check_origins(None) is None and check_origins("*") == "*"
    taken = [
        None,
        "null",
        "http://a.example",
        "https://a.example:8443",
        "http://[::1]:80",
        "chrome-extension://abc",
    ]
    assert check_origins(taken) == tuple(taken)
    assert check_subprotocols(name for name in ("a", "b")) == ("a", "b")  # type: ignore[arg-type]
    assert check_hosts(["My.Lan", "a.example."]) == ("My.Lan", "a.example.")
    for headers in ({"A": "b"}, [("A", "b")], [["A", "b"]], iter([("A", "b")]), Headers([("A", "b")])):
        assert request("ws://a", headers=headers).headers["A"] == "b"  # type: ignore[arg-type]
    assert request("ws://a", headers=()).headers.get("A") is None


def test_what_was_got_is_said_in_few_words() -> None:
    assert got("x" * 1000).startswith("the text 'xxx") and len(got("x" * 1000)) < 80
    assert got(2**400) == "a number of 401 bits"
    assert got(2**126) == str(2**126) and got(2**127) == "a number of 128 bits"
    assert got("\x1b[2J") == r"the text '\x1b[2J'"
    assert got(Plain()) == "a value of type Plain"
