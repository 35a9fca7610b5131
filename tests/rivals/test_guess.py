"""The secret comes out of the lengths, and does not where one of the cures is used."""

from __future__ import annotations

import random
import threading

import pytest

from tests.waiting import open_files
from wsdemo.protocol.deflate import Deflater
from wsdemo.rivals.guess import HEXADECIMAL, Cure, Victim, recover

SECRET = "7f3c91be02d4a856"


def test_the_secret_is_read_off_the_wire() -> None:
    said: list[str] = []
    with Victim(SECRET) as victim:
        assert recover(victim.length, len(SECRET), progress=said.append) == SECRET
        assert victim.requests == len(SECRET) * len(HEXADECIMAL) * 8
        assert all(SECRET.encode() not in chunk.data for chunk in victim.trace.chunks)
    assert said[:2] == ["7", "7f"] and said[-1] == SECRET


@pytest.mark.parametrize("cure", ["no compression", "apart"])
def test_a_cure_leaves_nothing_to_see(cure: Cure) -> None:
    with Victim(SECRET, cure=cure) as victim:
        assert recover(victim.length, len(SECRET)) is None
        assert victim.length(b"token=7") == victim.length(b"token=8")


def test_any_secret_is_found() -> None:
    """Off the wire, for speed; not only the one in the lesson."""
    chance = random.Random(11)
    for _ in range(40):
        secret = "".join(chance.choice(HEXADECIMAL) for _ in range(16))
        deflater = Deflater(12, takeover=False, memory_level=5)

        def length(text: bytes, secret: str = secret, deflater: Deflater = deflater) -> int:
            return len(deflater.deflate(b"token=" + secret.encode() + b"; you said " + text))

        assert recover(length, 16) == secret


def test_nothing_is_left_behind() -> None:
    threads, files = set(threading.enumerate()), open_files()
    with Victim(SECRET) as victim:
        victim.length(b"hello")
    assert set(threading.enumerate()) <= threads and open_files() <= files


def test_an_unknown_cure_is_refused() -> None:
    with pytest.raises(ValueError, match="no compression, apart"):
        Victim(SECRET, cure="prayer")  # type: ignore[arg-type]
