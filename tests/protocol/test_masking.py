"""Masking: four ways, one result; whole and in pieces; keys that are fresh."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.utils import apply_mask

from wsdemo.protocol import masking
from wsdemo.protocol.masking import (
    NUMPY,
    STRIDED,
    STRIDED_IN_PLACE,
    fresh_key,
    mask,
    mask_in_place,
    mask_integer,
    mask_numpy,
    mask_plain,
    mask_strided,
)

KEY = bytes.fromhex("37fa213d")
#: Every size near a threshold, and every remainder of a word.
SIZES = sorted(
    {
        abs(size + near)
        for size in (0, 8, 64, 125, NUMPY, STRIDED, STRIDED_IN_PLACE, 65536)
        for near in range(-8, 9)
    }
)

keys = st.binary(min_size=4, max_size=4)


@pytest.mark.parametrize("numpy", [True, False])
def test_all_ways_give_the_same(numpy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not numpy:
        monkeypatch.setattr(masking, "numpy", lambda: None)
    for size in SIZES:
        data = os.urandom(size)
        expected = mask_plain(data, KEY)
        buffer = bytearray(data)
        mask_in_place(buffer, KEY)
        assert buffer == expected
        for way in (mask, mask_integer, mask_strided):
            assert way(data, KEY) == expected, (way, size)
        if numpy and size:
            assert mask_numpy(data, KEY) == expected


@given(st.binary(max_size=5000), keys)
def test_as_websockets_does_it(data: bytes, key: bytes) -> None:
    assert mask(data, key) == apply_mask(data, key)


@given(st.binary(max_size=3000), keys, st.lists(st.integers(0, 3000), max_size=6))
def test_piece_after_piece(data: bytes, key: bytes, cuts: list[int]) -> None:
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [mask(data[a:b], key, a) for a, b in itertools.pairwise(edges)]
    assert b"".join(pieces) == mask(data, key)
    assert mask(mask(data, key), key) == data


def test_keys_are_fresh_also_from_many_threads() -> None:
    drawn: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: drawn.extend([fresh_key() for _ in range(3000)])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {len(key) for key in drawn} == {4}
    assert len(set(drawn)) > len(drawn) - 20  # of 2^32, a pair is rare


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_forked_child_draws_its_own() -> None:
    code = (
        "import os\n"
        "from wsdemo.protocol.masking import fresh_key\n"
        "fresh_key()\n"
        "read, write = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.write(write, fresh_key())\n"
        "    os._exit(0)\n"
        "os.wait()\n"
        "print(os.read(read, 4) != fresh_key())\n"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "True\n"


def test_numpy_is_loaded_by_the_first_large_payload_only() -> None:
    code = (
        "import sys\n"
        "from wsdemo.protocol.masking import mask\n"
        "mask(b'small', b'abcd')\n"
        "before = 'numpy' in sys.modules\n"
        "mask(bytes(100_000), b'abcd')\n"
        "print(before)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
