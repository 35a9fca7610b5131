"""A chat for a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chat.front import fronted
from wsdemo import HandshakeError
from wsdemo.chat import Chat

EVERYDAY = (OSError, HandshakeError)


@pytest.fixture
def chat(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Chat]:
    """A chat; behind nginx where the test is marked with `anywhere`."""
    with fronted(tmp_path, getattr(request, "param", "direct")) as made:
        yield made
        assert [error for _, error in made.server.errors if not isinstance(error, EVERYDAY)] == []
