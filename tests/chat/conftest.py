"""A chat for a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from wsdemo import HandshakeError
from wsdemo.chat import Chat

EVERYDAY = (OSError, HandshakeError)


@pytest.fixture
def chat() -> Iterator[Chat]:
    with Chat() as made:
        yield made
        assert [error for _, error in made.server.errors if not isinstance(error, EVERYDAY)] == []
