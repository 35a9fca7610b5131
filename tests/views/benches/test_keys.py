"""A key to choose: what is typed, the lanes, the lines."""

from __future__ import annotations

import pytest

from wsdemo.views.benches.keys import SHOWN, Lanes, choose_a_key, read_key

KEY = bytes.fromhex("37fa213d")
PAYLOADS = {"Hello": b"Hello", "long": bytes(100)}


def look(payload: bytes, key: bytes) -> list[str]:
    return [f"{len(payload)} bytes <b> under {key.hex()}"]


def test_a_key_and_a_payload_are_chosen() -> None:
    live = choose_a_key(PAYLOADS, look, KEY)
    field, fresh, choice = live.controls
    assert live.text.endswith("=> 5 bytes <b> under 37fa213d")
    assert "<b>" not in live.view.value
    field.value = "00000000"
    assert live.text.endswith("under 00000000")
    choice.value = "long"
    assert live.text.endswith("100 bytes <b> under 00000000")
    fresh.click()
    assert len(read_key(field.value)) == 4
    assert live.text.endswith(f"under {read_key(field.value).hex()}")
    live.close()


@pytest.mark.parametrize("text", ["", "37", "37 fa 21 3d 00", "xyz", "3"])
def test_what_is_no_key_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="a key"):
        read_key(text)
    live = choose_a_key(PAYLOADS, look, KEY)
    live.controls[0].value = text
    assert "a key" in live.view.value
    live.close()


def test_a_long_payload_is_cut_in_the_lanes() -> None:
    assert Lanes(bytes(100), KEY, []).text.count("\nbyte ") == SHOWN
