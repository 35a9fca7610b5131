"""A widget and its still: which of both is visible, by the rules that each brings."""

from __future__ import annotations

from typing import Any

import ipywidgets
import pytest

from wsdemo.views.live import still


@pytest.fixture
def widget() -> Any:
    made = ipywidgets.HTML("<p>live</p>")
    yield made
    made.close()


def test_the_still_comes_first_with_its_text_and_its_picture(widget: ipywidgets.HTML) -> None:
    first, second = still.outputs(widget, "the text", "<img>")
    assert first["text/plain"] == "the text"
    assert first["text/html"].startswith(f'<div class="still-{widget.model_id}"><img>')
    assert second == {
        "text/plain": "",
        "text/html": "",
        still.VIEW: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id},
    }


def test_each_hides_the_other_and_no_third_output(widget: ipywidgets.HTML) -> None:
    name = widget.model_id
    first, _ = still.outputs(widget, "", "")
    rule = f".still-{name})+.jp-OutputArea-child:not(:has(.jp-OutputArea-output *)){{display:none!important}}"
    assert rule in first["text/html"], "what is empty behind the still is the widget that could not be made"
    assert still.hidden(name) == (
        f".still-{name},.jp-OutputArea-child:has(>*>.still-{name}){{display:none!important}}"
    )
    assert still.hidden("other") != still.hidden(name)


def test_outputs_are_shown_in_order_and_raw(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append((bundle, raw)))
    still.show([{"text/plain": "a"}, {"text/plain": "b"}])
    assert shown == [({"text/plain": "a"}, True), ({"text/plain": "b"}, True)]
