"""Tables of figures: columns, short values, CSV."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from wsdemo.rivals.tables import filled, shown, table, write_csv


def test_a_table_of_nothing() -> None:
    assert table([]) == "(no rows)"


def test_columns_are_as_wide_as_what_is_in_them() -> None:
    lines = table([{"a": "x", "number": 5}, {"a": "longer", "number": 123456789}]).splitlines()
    assert lines == ["a          number", "------  ---------", "x               5", "longer  123456789"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(math.nan, "–"), (None, "–"), (0.0, "0"), (99.96, "100"), (-1234.5, "-1234"), ("a", "a")],
)
def test_values_are_short(value: float | str | None, text: str) -> None:
    assert shown(value) == text


def test_a_column_without_values_is_left_out() -> None:
    rows = [{"a": "x", "b": math.nan, "c": None, "d": 0}, {"a": "y", "b": None, "c": 1.0, "d": 0}]
    assert [list(row) for row in filled(rows)] == [["a", "c", "d"]] * 2
    assert filled([]) == []


def test_csv_keeps_all_digits(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [{"a,b": 1 / 3, "c": 'x"y'}])
    assert (tmp_path / "a.csv").read_bytes() == b'"a,b",c\r\n0.3333333333333333,"x""y"\r\n'
    write_csv(tmp_path / "b.csv", [])
