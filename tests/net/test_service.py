"""A service listens until it is closed, closes once, and leaves no thread behind where it can't listen."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from tests.waiting import DEADLINE, Seen
from wsdemo import Limits
from wsdemo.net.service import Service


def test_it_listens_until_it_is_closed() -> None:
    accepted, ended = Seen(), Seen()
    service = Service("a-service", "127.0.0.1", 0, Limits(), accepted, ended_by(ended))
    with service as entered:
        assert entered is service
        with socket.create_connection((service.host, service.port), DEADLINE) as sock:
            server, address = accepted.next()
            assert address == sock.getsockname()
            server.close()
        assert any(thread.name == "a-service" for thread in threading.enumerate())
    service.close()
    assert ended.next() == "a-service" and ended.empty()
    assert not any(thread.name == "a-service" for thread in threading.enumerate())


def ended_by(seen: Seen) -> Callable[[], None]:
    return lambda: seen(threading.current_thread().name)


def test_where_it_can_not_listen_no_thread_stays() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(OSError, match="another program uses this port"):
            Service("no-service", "127.0.0.1", taken.getsockname()[1], Limits(), print, print)
    assert not any(thread.name == "no-service" for thread in threading.enumerate())


def test_of_two_who_close_at_once_neither_ends_the_thread_before_the_work_is_done() -> None:
    """The second one closes as the first has just begun: between its look and its call."""
    ended = Seen()
    service = Service("a-service", "127.0.0.1", 0, Limits(), Seen(), ended_by(ended))
    call_soon = service._reactor.call_soon

    def the_other_comes_first(*call: object) -> None:
        service._reactor.call_soon = call_soon  # type: ignore[method-assign]
        other = threading.Thread(target=service.close)
        other.start()
        other.join(DEADLINE)
        assert not other.is_alive()
        call_soon(*call)  # type: ignore[arg-type]

    service._reactor.call_soon = the_other_comes_first  # type: ignore[method-assign, assignment]
    service.close()
    assert ended.next(timeout=1) == "a-service" and ended.empty()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((service.host, service.port), DEADLINE)
