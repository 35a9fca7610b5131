"""Two programs and their sockets: what stands in which program, and below what."""

from __future__ import annotations

import pytest

from tests.views.seen import Box, Page, seen, within
from wsdemo import views
from wsdemo.views.diagrams.sockets import PROGRAM, written

CLIENT, SERVER = ("127.0.0.1", 51234), ("127.0.0.1", 1234)


def programs(page: Page) -> tuple[list[Box], list[Box]]:
    """The sockets in the client's program, and those in the server's, from top to bottom."""
    left, right = sorted((box for box in page.boxes if box.width == PROGRAM), key=lambda box: box.x)
    here, there = (
        sorted(
            (box for box in page.boxes if box != whole and whole.holds(box.x, box.y)), key=lambda box: box.y
        )
        for whole in (left, right)
    )
    return here, there


@pytest.mark.parametrize(
    ("client", "server"),
    [
        (CLIENT, SERVER),
        (("::1", 60001, 0, 0), ("::1", 80, 0, 0)),
        (("10.0.0.7", 1), ("192.168.100.200", 65535)),
    ],
)
def test_each_socket_has_its_own_address_and_port(
    client: tuple[object, ...], server: tuple[object, ...]
) -> None:
    page = seen(views.sockets(client, server))
    within(page)
    (here,), (listening, there) = programs(page)
    assert page.inside(here) == ["socket", written(client), "address", "port"]
    assert page.inside(listening) == ["listening socket: it only accepts", written(server), "address", "port"]
    assert page.inside(there) == ["socket, one for each client", written(server), "address", "port"]
    assert listening.dash and not here.dash and not there.dash
    assert here.looks_like("payload") and there.looks_like("payload")


def test_an_address_and_a_port_are_named_where_they_stand() -> None:
    page = seen(views.sockets(CLIENT, SERVER))
    (here,), _ = programs(page)
    whole = next(word for word in page.words if word.text == "127.0.0.1:51234")
    letter = whole.wide / len(whole.text)
    names = {word.text: word for word in page.words if here.holds(word.middle, word.y)}
    assert names["address"].middle == pytest.approx(whole.left + letter * len("127.0.0.1") / 2, abs=1)
    assert names["port"].middle == pytest.approx(whole.right - letter * len("51234") / 2, abs=1)


def test_bytes_go_both_ways_between_the_two_sockets_and_none_to_the_listening_one() -> None:
    page = seen(views.sockets(CLIENT, SERVER))
    (here,), (listening, there) = programs(page)
    level = [arrow for arrow in page.arrows() if arrow[0][1] == arrow[1][1]]
    assert sorted((start[0], end[0]) for start, end in level) == [
        (here.right, there.x),
        (there.x, here.right),
    ]
    (down,) = [arrow for arrow in page.arrows() if arrow not in level]
    assert (down[0][1], down[1][1]) == (listening.foot, there.y)
    assert "accept()" in page.texts


def test_a_long_address_keeps_its_port() -> None:
    page = seen(views.sockets(("2001:db8:1111:2222:3333:4444:5555:6666", 51234), SERVER))
    within(page)
    (here,), _ = programs(page)
    assert page.inside(here)[1].endswith("…:51234")


def test_the_text_says_the_same() -> None:
    lines = views.sockets(CLIENT, SERVER).text.splitlines()
    assert lines[1:4] == [
        "the client's program: a socket at 127.0.0.1:51234",
        "the server's program: a listening socket at 127.0.0.1:1234, which only accepts",
        "the server's program: a socket at 127.0.0.1:1234, which accept() gave",
    ]


def test_a_name_is_cut_only_where_it_has_no_room() -> None:
    """The longest one that stays whole is as long as one that is cut."""
    hosts = {words[: -len(":1234")] for words in map(shown_host, range(1, 80))}
    whole = max(len(host) for host in hosts if not host.endswith("…"))
    assert {len(host) for host in hosts if host.endswith("…")} == {whole}


def shown_host(length: int) -> str:
    """What stands in the client's socket of a host of that length."""
    page = seen(views.sockets(("a" * length, 1234), SERVER))
    (here,), _ = programs(page)
    return page.inside(here)[1]
