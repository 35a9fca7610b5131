"""The figures of a measurement as a table: names, values, conditions."""

from __future__ import annotations

import math
import re

from wsdemo.views.diagrams.results import Results, figure, table


class Measured:
    def rows(self) -> list[dict[str, float | str | None]]:
        return [{"way": "<SSE>", "p50 ms": 0.6123}, {"way": "raw", "p50 ms": math.nan}]

    def table(self) -> str:
        return "way    p50\n<SSE>  0.61\nraw    –\n\n8 clients,\nseed 1 & more"


def cells(html: str) -> list[str]:
    return re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", html)


def test_every_figure_stands_below_its_name() -> None:
    assert cells(table(Measured()).html) == ["way", "p50 ms", "&lt;SSE&gt;", "0.612", "raw", "–"]


def test_the_conditions_are_a_note_in_one_line() -> None:
    result = table(Measured())
    assert result.html.endswith("<p><small>8 clients, seed 1 &amp; more</small></p></div>")
    assert repr(result) == result.text == Measured().table()
    assert "<small>" not in Results([], "none").html


def test_numbers_stand_right_and_words_left() -> None:
    assert "text-align:right" in figure(5) and "text-align:right" in figure(None)
    assert "text-align:left" in figure("SSE")


def test_a_long_text_goes_on_in_the_next_line() -> None:
    assert "nowrap" in figure("a short name") and "nowrap" not in figure("word " * 20)
