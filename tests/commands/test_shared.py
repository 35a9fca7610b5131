"""Parts that the commands share: arguments that are refused, and lines that are safe to print."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wsdemo.commands import shared
from wsdemo.commands.shared import Failure

REFUSED: list[tuple[Callable[[str], Any], str]] = [
    *((shared.listening_port, text) for text in ("-1", "65536", "", "1.5", "٣", "999999999999999999")),
    *((shared.listening_port, text) for text in ("000065536", "0000065536", "9" * 5000, "+80", " 80")),
    *((shared.port, text) for text in ("0", "65536", "abc")),
    *((shared.positive, text) for text in ("0", "-1", "1e3", "", "³", "+5", "٣", "9" * 5000)),
    *((shared.seconds, text) for text in ("0", "-1", "inf", "nan", "1s", "")),
    *((shared.websocket_url, text) for text in ("example.com", "http://a", "ws://", "ws://a:99999")),
]
TAKEN: list[tuple[Callable[[str], Any], str, Any]] = [
    (shared.listening_port, "0", 0),
    (shared.listening_port, "65535", 65535),
    (shared.port, "1", 1),
    (shared.port, "0000000080", 80),
    (shared.positive, "1", 1),
    (shared.positive, f"{'0' * 20}7", 7),
    (shared.seconds, "1e-3", 0.001),
    (shared.websocket_url, "wss://a:1/b?c", "wss://a:1/b?c"),
]


@pytest.mark.parametrize(("kind", "text"), REFUSED)
def test_an_argument_that_can_t_be_is_refused(kind: Callable[[str], Any], text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        kind(text)
    assert "\n" not in str(caught.value) and len(str(caught.value)) <= shared.LENGTH + 50


@pytest.mark.parametrize(("kind", "text", "value"), TAKEN)
def test_an_argument_at_its_bound_is_taken(kind: Callable[[str], Any], text: str, value: Any) -> None:
    assert kind(text) == value


def test_a_file_is_tried_and_left_as_it_was(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("kept")
    assert [shared.output_file(str(path)) for path in (old, new)] == [str(old), str(new)]
    assert old.read_text() == "kept" and not new.exists()
    with pytest.raises(argparse.ArgumentTypeError, match="Is a directory"):
        shared.output_file(str(tmp_path))
    with pytest.raises(argparse.ArgumentTypeError):
        shared.output_file("a\0b")


def test_two_options_must_not_name_one_file(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.touch()
    (tmp_path / "link").symlink_to(file)
    with pytest.raises(Failure, match=r"^--save and --pcap name the same file"):
        shared.different(save=str(file), pcap=str(tmp_path / "link"))
    shared.different(save=str(file), pcap=None)
    shared.different(save=str(file), pcap=str(tmp_path / "b"))
    shared.different(save=os.devnull, pcap=os.devnull)


def test_all_files_are_written_where_one_fails() -> None:
    written: list[str] = []

    def fails(path: str) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(Failure, match=r"^a: No space left on device$"):
        shared.write_files(("a", fails), (None, fails), ("b", written.append))
    assert written == ["b"]


def test_a_wait_ends_when_it_is_done_or_its_time_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(shared.time, "monotonic", lambda: now)
    monkeypatch.setattr(shared.time, "sleep", sleep)
    shared.sleep_until(lambda: now > 5)
    assert 5 < now <= 5 + 2 * shared.SLICE
    shared.sleep_until(lambda: False, 3)
    assert math.isclose(now, 8, abs_tol=3 * shared.SLICE)
    before = now
    shared.sleep_until(lambda: True)
    shared.sleep_until(lambda: False, 0.0)
    assert now == before


def test_what_is_said_is_one_safe_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    shared.say("no ws://a.example/?token=s3cret \x1b[31m\n" + "x" * 1000)
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert "s3cret" not in err and "\x1b" not in err and len(err) <= shared.LENGTH + 1


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no\x1bgood"), None),
        (OSError("only words"), "only words"),
        (OSError(2, "no such file", b"a.json"), "a.json: no such file"),
        (OSError(2, "no such file", 5), "no such file"),
    ],
)
def test_the_reason_of_an_error(error: Exception, text: str | None) -> None:
    said = shared.reason(error)
    assert said == text if text is not None else "\x1b" not in said and "good" in said
