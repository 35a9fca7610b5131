"""Each view draws what was approved: a word, a bit, a box in another place turns this red.

Where a change is wanted: `python -m tests.views.approved`, and look at the files in `approved/` that changed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.views import samples
from tests.views.approved import FOLDER, of_bench, of_chart, of_drawing, of_slide
from tests.views.samples import BENCHES, CHARTS, SAMPLES, SLIDES
from tests.views.seen import seen, within
from wsdemo import views
from wsdemo.views.drawing.canvas import Sketch


@pytest.mark.parametrize("name", SAMPLES)
def test_a_drawing_is_the_approved_one(name: str) -> None:
    for end, content in of_drawing(name).items():
        assert content.splitlines() == (FOLDER / f"{name}{end}").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_the_approved_one(name: str) -> None:
    for end, content in of_chart(name).items():
        assert content.splitlines() == (FOLDER / f"{name}{end}").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_has_the_approved_controls(name: str) -> None:
    for end, content in of_bench(name).items():
        assert content.splitlines() == (FOLDER / f"{name}{end}").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", SLIDES)
def test_a_frame_under_the_microscope_is_told_as_approved(name: str) -> None:
    for end, content in of_slide(name).items():
        assert content.splitlines() == (FOLDER / f"{name}{end}").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", SAMPLES)
def test_no_word_stands_on_another_or_beyond_the_edge(name: str) -> None:
    drawing = SAMPLES[name]()
    if isinstance(drawing, Sketch):
        within(seen(drawing))


#: Without a sample: the colours, and what is looked at in tests of its own.
OWN_TESTS = {"theme", "coursemap", "embedded", "microscope"}


def test_each_view_has_a_sample() -> None:
    source = Path(samples.__file__).read_text(encoding="utf-8")
    functions = {name for name in views.__all__ if name.islower()}
    assert {name for name in functions if f"views.{name}" not in source} == OWN_TESTS


def test_no_approved_file_is_left_over() -> None:
    wanted = {f"{name}{end}" for name in SAMPLES for end in of_drawing(name)}
    wanted |= {f"{name}{end}" for name in SLIDES for end in of_slide(name)}
    wanted |= {f"{name}{end}" for name in BENCHES for end in of_bench(name)}
    wanted |= {f"{name}{end}" for name in CHARTS for end in of_chart(name)}
    assert {path.name for path in FOLDER.iterdir()} == wanted
