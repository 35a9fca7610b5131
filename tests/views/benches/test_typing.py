"""A field to type a word into: what it shows follows the keys."""

from __future__ import annotations

from wsdemo.views.benches.typing import type_a_word
from wsdemo.views.bytes.word import Word


def test_the_field_moves_the_table() -> None:
    live = type_a_word("ab")
    (field,) = live.controls
    assert field.continuous_update and live.view.value == Word("ab").html
    field.value = "é"
    assert live.view.value == live.picture.html == Word("é").html
    assert live.text.endswith("1 character, 2 bytes")
    live.close()


def test_the_still_is_the_word_of_the_beginning() -> None:
    live = type_a_word("ab")
    live.controls[0].value = "é"
    assert repr(live).endswith("2 characters, 2 bytes")
    assert "here it is 'ab'" in live.outputs[0]["text/plain"] + live.outputs[0]["text/html"]
    live.close()
