"""A chat for a test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chat.front import FrontedChat, nginx
from wsdemo import HandshakeError
from wsdemo.chat import Chat

EVERYDAY = (OSError, HandshakeError)


@pytest.fixture
def chat(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Chat]:
    """A chat; behind nginx where the test is marked with `anywhere`."""
    with contextlib.ExitStack() as opened:
        made = opened.enter_context(FrontedChat())
        made.front = made.server.port
        if getattr(request, "param", "direct") == "nginx":
            made.front = opened.enter_context(nginx(tmp_path, (made.server.port, made.server.port)))
        yield made
        assert [error for _, error in made.server.errors if not isinstance(error, EVERYDAY)] == []
