"""The other ways: each arrow of the table is drawn, with its words, from lane to lane."""

from __future__ import annotations

import pytest

from tests.views.seen import seen, within
from wsdemo.views.diagrams.instead import LANE, TITLE, TOP, WAYS, instead


@pytest.mark.parametrize("name", WAYS)
def test_each_arrow_goes_from_its_lane_to_its_lane(name: str) -> None:
    drawing = instead(name)
    page = seen(drawing)
    within(page)
    arrows = [line for line in page.lines if len(line.points) == 2 and line.points[0][1] != line.points[1][1]]
    for arrow, line in zip(WAYS[name].arrows, arrows, strict=True):
        assert arrow.words in page.texts
        assert arrow.words in drawing.text
        start, end = (TITLE + TOP + LANE * lane for lane in (arrow.source, arrow.target))
        assert line.points[0][1] == pytest.approx(start)
        assert (line.points[1][1] == pytest.approx(end)) == (arrow.kind != "lost")


def test_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match="no way 'fax', there are SSE, long polling"):
        instead("fax")
