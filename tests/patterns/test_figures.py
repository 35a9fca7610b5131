"""Messages by type: of every message that our tables know, the type is read from its text."""

from __future__ import annotations

import pytest

from wsdemo.patterns.figures import LONGEST, MessageCounts
from wsdemo.patterns.messages import SERVER, frame


@pytest.mark.parametrize("kind", SERVER)
def test_the_type_is_the_first_field(kind):
    figures = MessageCounts()
    figures.sending(frame(kind, id=1))
    figures.sending(frame(kind), 1000)
    assert figures.sent == {kind: 1001}


def test_any_text_can_be_counted():
    figures = MessageCounts()
    for text in ("", "x", "x" * 1000):
        figures.sending(text)
    assert figures.sent == {"": 2, "x" * LONGEST: 1}
