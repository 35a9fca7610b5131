"""Moves with its control; without a kernel it shows its first picture."""

from __future__ import annotations

import pytest
from ipywidgets.widgets.widget import _instances

from wsdemo.views import Live, Picture, slider
from wsdemo.views.charts.picture import figure
from wsdemo.views.live.still import VIEW


def number(value: int) -> Picture:
    return Picture(figure(1), f"the number {value}", "a number")


@pytest.fixture
def live():
    live = slider(number, range(1, 41), start=16, label="recv size (bytes)")
    yield live
    live.close()


def test_the_control_moves_the_picture(live: Live):
    before = live.view.value
    live.controls[0].value = 17
    assert live.text == "the number 17"
    assert "the number 17" in live.view.value != before


def test_the_bundle_is_the_first_picture_wherever_the_slider_stands(live: Live):
    before = live.outputs
    live.controls[0].value = 3
    assert live.outputs == before
    assert before[0]["text/plain"].splitlines()[0] == "the number 16"
    assert "1 to 40" in before[0]["text/plain"]
    assert "data:image/png;base64," in before[0]["text/html"]
    assert before[1][VIEW]["model_id"] == live.widget.model_id
    assert repr(live) == "the number 16"


def test_an_error_in_a_callback_is_shown(live: Live):
    def broken() -> Picture:
        raise ValueError("a < b")

    live._draw = broken
    live.update()
    assert "ValueError: a &lt; b" in live.view.value


def test_nothing_of_it_is_left_after_close():
    before = set(_instances)
    live = slider(number, range(1, 5), start=2, label="n")
    assert set(_instances) > before
    live.close()
    assert set(_instances) == before


def test_the_widget_hides_its_still_and_the_still_the_error_in_its_place(live: Live):
    still, widget = live.outputs
    name = live.widget.model_id
    assert f'<div class="still-{name}">' in still["text/html"]
    assert f".still-{name},.jp-OutputArea-child:has(>*>.still-{name})" in live.widget.children[-1].value
    assert live.widget.children[-1].layout.display == "none"
    assert (
        f":has(.still-{name})+.jp-OutputArea-child:not(:has(.jp-OutputArea-output *))" in still["text/html"]
    )
    assert VIEW not in still
    assert (widget["text/plain"], widget["text/html"]) == ("", ""), (
        "a page without widgets shows the still alone"
    )
