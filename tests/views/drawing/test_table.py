"""A table in HTML: its cells in order, escaped, and how each kind is set."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from wsdemo.views.drawing.table import cell, figure, head, table


def test_rows_and_cells_are_in_order() -> None:
    html = table([[head("way"), head("p50")], [cell("SSE"), figure("0.61")]])
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html)
    assert [re.findall(r">([^<]+)</t[hd]>", row) for row in rows] == [["way", "p50"], ["SSE", "0.61"]]
    assert html.count("<th ") == html.count("<td ") == 2


@pytest.mark.parametrize("made", [head, cell, figure])
def test_words_are_escaped(made: Callable[[str], str]) -> None:
    assert "&lt;b&gt; &amp;" in made("<b> &") and "<b>" not in made("<b> &")


def test_figures_stay_in_one_line_and_words_may_go_on() -> None:
    assert "nowrap" in figure("12") and "text-align:right" in figure("12")
    assert "text-align:left" in figure("GET", "left")
    assert "nowrap" not in cell("many words") and "text-align:left" in cell("many words")


def test_it_scrolls_on_a_page_and_not_on_paper() -> None:
    html = table([[cell("a")]])
    assert "overflow-x:auto" in html
    assert re.search(r"@media print\{\.wsdemo-table\{font-size:\.65em", html)
    assert 'class="wsdemo-table"' in html
