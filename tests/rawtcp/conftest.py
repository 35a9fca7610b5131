"""Servers that are closed at the end of a test, and leave nothing behind."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.locks import watched as watched
from tests.waiting import open_files
from wsdemo.rawtcp import TimeServer

Serve = Callable[..., TimeServer]


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """No thread and no file descriptor more at the end than at the beginning."""
    gc.collect()
    threads, files = set(threading.enumerate()), open_files()
    yield
    assert set(threading.enumerate()) <= threads
    assert open_files() <= files


@pytest.fixture
def serve(nothing_left: None) -> Iterator[Serve]:
    """Makes time servers that say nothing by themselves unless told how often."""
    servers: list[TimeServer] = []

    def serve(*args: Any, every: float = float("inf"), **options: Any) -> TimeServer:
        servers.append(TimeServer(*args, every=every, **options))
        return servers[-1]

    yield serve
    for server in servers:
        server.close()
        assert server.clients == []
        assert not server._reactor.errors
