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
