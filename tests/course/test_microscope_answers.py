"""What lesson 04 says of five things to try in the microscope, each tried by what a click sends."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from wsdemo.views import Microscope, microscope

HELLO = "818537fa213d7f9f4d5158"  # the lesson's frame
FIN, OPCODE_HIGH, OPCODE_LOW, MASK, WORTH_2, WORTH_1 = 0, 4, 7, 8, 14, 15
KEY = range(16, 48)


@pytest.fixture
def scope() -> Iterator[Microscope]:
    scope = microscope(HELLO)
    yield scope
    scope.close()


def clicked(scope: Microscope, *bits: int) -> str:
    """What stands there after these clicks on the frame as it was."""
    scope.ask({"do": "reset"})
    for bit in bits:
        scope.ask({"do": "flip", "bit": bit})
    words: str = json.loads(scope.state)["words"]
    return words


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        ([FIN], "accepted: a server reads text, more follows 5 B 'Hello'"),
        ([OPCODE_LOW], "1002: continuation frame, and no message to continue"),
        ([OPCODE_HIGH], "accepted: a server reads ping"),
        ([OPCODE_LOW, OPCODE_HIGH], "1002: close code 18533"),
        ([MASK], "1002: frame without a mask"),
        ([WORTH_2], "a server waits for 7 bytes of payload, 5 of it are here"),
        ([WORTH_1], "accepted: a server reads text 4 B 'Hell'"),
    ],
)
def test_the_first_four(scope: Microscope, bits: list[int], words: str) -> None:
    assert words in clicked(scope, *bits)


def test_a_shorter_length_leaves_a_byte_for_the_next_frame(scope: Microscope) -> None:
    clicked(scope, WORTH_1)
    assert "behind it: close" in scope.text


def test_the_bits_of_the_key(scope: Microscope) -> None:
    changed: Counter[int | str] = Counter()
    for bit in KEY:
        words = clicked(scope, bit)
        if "1007" in words:
            changed["not UTF-8"] += 1
        else:
            assert "accepted: a server reads text 5 B '" in words
            key, masked = scope.data[2:6], scope.data[6:]
            read = bytes(byte ^ key[at % 4] for at, byte in enumerate(masked))
            changed[sum(a != b for a, b in zip(read, b"Hello", strict=True))] += 1
    assert changed == {1: 21, 2: 7, "not UTF-8": 4}
