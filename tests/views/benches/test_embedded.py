"""A page in a frame: its still is in the output, and so is the rule that hides it."""

from __future__ import annotations

from wsdemo.views.benches.embedded import HERE, embedded
from wsdemo.views.diagrams.told import Told, told


def test_words_or_a_picture_stand_where_there_is_no_kernel() -> None:
    still, _ = embedded(40123, "four <buttons>", title="a page").outputs
    assert still["text/plain"] == ("four <buttons>\n(In a running notebook a page stands here, in a frame.)")
    assert "four &lt;buttons&gt;" in still["text/html"]
    picture = told([Told(0, "open", "← 101", 1)], "A life")
    still, _ = embedded(40123, picture).outputs
    assert "A life" in still["text/plain"] and picture.html in still["text/html"]


def test_the_widget_knows_its_port_and_hides_the_still() -> None:
    widget = embedded(40123, "x", title="the chat", height=300)
    assert (widget.port, widget.title, widget.height) == (40123, "the chat", 300)
    still, _ = widget.outputs
    assert f"still-{widget.model_id}" in widget.hide and f"still-{widget.model_id}" in still["text/html"]


def test_no_text_becomes_html_in_its_script() -> None:
    source = (HERE / "embedded.js").read_text(encoding="utf-8")
    assert "innerHTML" not in source and "insertAdjacentHTML" not in source
