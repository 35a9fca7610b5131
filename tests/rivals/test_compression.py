"""Compression of real streams: sizes are exact and repeat, memory is what zlib takes, orderings hold."""

from __future__ import annotations

import csv
import tracemalloc
import zlib
from pathlib import Path

import pytest

from wsdemo.rivals import compression
from wsdemo.rivals.compression import (
    STREAMS,
    Compressed,
    Fanout,
    Fanouts,
    Grid,
    Settings,
    broadcast,
    grid,
    measure,
    memory,
    stream,
)

KiB = 1024


@pytest.fixture(scope="module")
def found() -> Grid:
    return grid(levels=(1, 9), window_bits=(9, 15), memory_levels=(1, 8))


def test_streams_are_small_files_of_many_messages() -> None:
    for name in STREAMS:
        messages = stream(name)
        assert len(messages) > 100 and 0 < sum(map(len, messages)) < 100 * KiB
        assert all(messages)
        if name != "random":
            assert "\ufffd" not in b"\n".join(messages).decode()


def test_an_unknown_stream_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="ticks, chat, sensors, random"):
        stream("poems")


def test_sizes_are_those_of_zlib() -> None:
    """An oracle without our code: a stream flushed after each message, less the four bytes of its tail."""
    messages = stream("chat")
    for takeover in (True, False):
        stream_of_all = zlib.compressobj(6, zlib.DEFLATED, -12, 5)
        size = 0
        for message in messages:
            if not takeover:
                stream_of_all = zlib.compressobj(6, zlib.DEFLATED, -12, 5)
            size += len(stream_of_all.compress(message) + stream_of_all.flush(zlib.Z_SYNC_FLUSH)) - 4
        assert measure(messages, Settings(takeover=takeover)).compressed == size


def test_sizes_repeat(found: Grid) -> None:
    again = grid(("ticks",), levels=(1, 9), window_bits=(9, 15), memory_levels=(1, 8))
    assert [entry.compressed for entry in again] == [entry.compressed for entry in found.select("ticks")]


def test_what_was_said_before_helps_text_and_not_noise(found: Grid) -> None:
    for name in ("ticks", "chat", "sensors"):
        for entry in found.select(name, takeover=True):
            given = entry.settings
            (alone,) = found.select(
                name,
                takeover=False,
                level=given.level,
                window_bits=given.window_bits,
                memory_level=given.memory_level,
            )
            assert entry.ratio < alone.ratio < 1
    assert all(entry.ratio > 1 for entry in found.select("random"))


def test_a_larger_window_looks_further_back(found: Grid) -> None:
    for name in ("ticks", "chat", "sensors"):
        small, large = (
            found.select(name, takeover=True, level=9, memory_level=8, window_bits=bits)[0]
            for bits in (9, 15)
        )
        assert large.ratio < small.ratio and large.memory > small.memory


def test_time_is_measured(found: Grid) -> None:
    assert all(0 < entry.deflate < 0.1 and 0 <= entry.inflate < 0.1 for entry in found)


@pytest.mark.parametrize(("bits", "level"), [(9, 1), (12, 5), (15, 8), (15, 9)])
def test_memory_is_what_zlib_says_it_takes(bits: int, level: int) -> None:
    """zconf.h: 1 << (windowBits+2) and 1 << (memLevel+9) to deflate, 1 << windowBits to inflate."""
    told = (1 << (bits + 2)) + (1 << (level + 9)) + (1 << bits)
    assert told < memory(Settings(6, bits, level, takeover=True)) < 1.25 * told + 20 * KiB


def test_without_takeover_a_connection_keeps_next_to_nothing() -> None:
    assert memory(Settings(takeover=False)) < 2 * KiB


def test_measuring_memory_leaves_a_running_tracemalloc_alone() -> None:
    tracemalloc.start()
    try:
        compression._memory.cache_clear()
        assert memory(Settings(1, 10, 3, takeover=True)) > 8 * KiB
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


def test_the_best_within_a_budget(found: Grid) -> None:
    best = found.best("sensors", 64 * KiB)
    assert best.memory <= 64 * KiB
    assert all(entry.ratio >= best.ratio for entry in found.select("sensors") if entry.memory <= 64 * KiB)
    assert found.best("sensors", 10**9).ratio < best.ratio
    with pytest.raises(ValueError, match="at most 10 bytes"):
        found.best("sensors", 10)


def test_short_messages_can_be_left_alone() -> None:
    messages = [b"short", b"a longer message, a longer message, a longer message"]
    all_of_them = measure(messages)
    long_ones = measure(messages, Settings(threshold=20))
    assert long_ones.compressed == all_of_them.compressed - len(zlib_alone(messages[0])) + len(messages[0])


def zlib_alone(message: bytes) -> bytes:
    packed = zlib.compressobj(6, zlib.DEFLATED, -12, 5)
    return (packed.compress(message) + packed.flush(zlib.Z_SYNC_FLUSH))[:-4]


def test_table_rows_and_csv(found: Grid, tmp_path: Path) -> None:
    assert repr(found) == "<Grid: ticks, chat, sensors, random; 64 entries>"
    assert len(found.table().splitlines()) == 2 + 64 + 2
    found.to_csv(tmp_path / "grid.csv")
    with (tmp_path / "grid.csv").open(encoding="utf-8", newline="") as file:
        assert [float(line["ratio"]) for line in csv.DictReader(file)] == [entry.ratio for entry in found]


def test_one_compressor_for_all_does_its_work_once() -> None:
    told = broadcast(clients=(1, 200), messages=10)
    one, many = told
    assert many.own_cpu > 10 * one.own_cpu  # 200 times the work
    assert many.shared_cpu < many.own_cpu / 5
    assert (one.shared_memory, one.own_memory * 200) == (
        many.shared_memory,
        pytest.approx(many.own_memory, rel=0.1),
    )
    assert many.own_size < many.shared_size  # but each message stands alone
    assert repr(told) == "<Fanouts: ticks; 1, 200 clients>"
    assert len(told.table().splitlines()) == 2 + 2 + 2


@pytest.mark.parametrize("takeover", [False, True])
def test_each_column_of_a_setting_has_its_unit(takeover: bool) -> None:
    settings = Settings(level=6, window_bits=12, memory_level=5, takeover=takeover)
    entry = Compressed("chat", settings, 10, 1000, 250, 3e-6, 2e-6, 2048)
    assert entry.row() == {
        "stream": "chat",
        "level": 6,
        "window bits": 12,
        "memory level": 5,
        "takeover": "yes" if takeover else "no",
        "ratio": 0.25,
        "deflate µs": pytest.approx(3),
        "inflate µs": pytest.approx(2),
        "memory KiB": 2,
    }


def test_each_column_of_one_compressor_or_many_has_its_unit() -> None:
    entry = Fanout(7, 3e-6, 21e-6, 70, 56, 2048, 7 * 1024)
    (row,) = Fanouts((entry,), "ticks", "a machine").rows()
    assert row == {
        "clients": 7,
        "shared: CPU µs/message": pytest.approx(3),
        "own: CPU µs/message": pytest.approx(21),
        "shared: bytes": 70,
        "own: bytes": 56,
        "shared: KiB kept": 2,
        "own: KiB kept": 7,
    }


def test_messages_can_be_cut_and_joined() -> None:
    messages = stream("chat")
    for size in (1, 100, 10**6):
        pieces = compression.cut(messages, size)
        assert b"".join(pieces) == b"\n".join(messages)
        assert all(len(piece) == size for piece in pieces[:-1])
    with pytest.raises(ValueError, match="0 bytes, expected at least 1"):
        compression.cut(messages, 0)


@pytest.mark.parametrize("messages", [[], [b""]])
def test_nothing_can_not_be_compressed(messages: list[bytes]) -> None:
    with pytest.raises(ValueError, match="nothing to compress"):
        measure(messages)
