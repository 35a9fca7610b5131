"""One table in one run: each row from its measure, what is missing said in a line."""

from __future__ import annotations

import json

import pytest

from wsdemo.alternatives import wire
from wsdemo.alternatives.compare import QUICK, ROWS, Compared, Plan, compare
from wsdemo.alternatives.table import ALTERNATIVES, Alternative

ABSENT = Alternative("absent", "on_absent.py", ("no_such_module",), ("no-such-package",), "", "")


@pytest.fixture(scope="module")
def small() -> Compared:
    steps.clear()
    chosen = [ALTERNATIVES["wsdemo"], ABSENT, ALTERNATIVES["Socket.IO"]]
    return compare(chosen, QUICK._replace(rounds=2), lambda *step: steps.append(step))


steps: list[tuple[str, int, int]] = []


def test_a_missing_library_is_left_out_and_told(small: Compared) -> None:
    assert [one.name for one in small.figures] == ["wsdemo", "Socket.IO"]
    assert small.missing == ("absent is left out: pip install no-such-package.",)
    assert "absent is left out: pip install no-such-package." in small.table().replace("\n", " ")


def test_nothing_to_compare_is_one_line() -> None:
    with pytest.raises(RuntimeError, match=r"^absent is left out: pip install no-such-package\.$"):
        compare([ABSENT])


def test_the_progress_counts_every_step(small: Compared) -> None:
    numbers = [done for _, done, _ in steps]
    assert numbers == list(range(len(steps)))
    assert {total for *_, total in steps} == {len(steps)}
    assert any("fan-out, round 2" in title for title, *_ in steps)


def test_the_table_has_a_row_for_each_thing(small: Compared) -> None:
    text = small.table()
    for label, _ in ROWS:
        assert f"\n{label} " in text
    for check in wire.CHECKS:
        assert f"\n§{check.section} {check.name} " in text
    for words in ("wsdemo 0.", "python-socketio 5.", "2 rounds of 5 echoes", "without compression"):
        assert words in text.replace("\n", " ")


def test_the_envelope_costs_22_bytes_each_way(small: Compared) -> None:
    ours, theirs = small.figures
    envelope = len('42/room,["message",""]')
    assert theirs.message.sent - ours.message.sent == envelope
    assert theirs.message.received - ours.message.received == envelope


def test_json_holds_everything(small: Compared) -> None:
    data = json.loads(json.dumps(small.as_json()))
    ours = data["alternatives"]["wsdemo"]
    assert data["plan"]["rounds"] == 2
    assert ours["echo"]["low"] <= ours["echo"]["median"] <= ours["echo"]["high"]
    assert [check["check"] for check in ours["wire"]] == [check.name for check in wire.CHECKS]
    assert {check["verdict"] for check in ours["wire"]} == {wire.RIGHT}
    assert ours["keepalive"] is None
    assert (ours["origin"], ours["limit"]) == (403, [1 << 20, 1009])


def test_a_run_is_planned_to_take_minutes() -> None:
    assert Plan().rounds >= 5 and Plan().echoes >= 100
