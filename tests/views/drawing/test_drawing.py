"""The forms of a drawing: text, HTML, a file."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from wsdemo.views.drawing.drawing import EM, NARROWEST, Image


class Dot(Image):
    mime = "image/gif"

    @property
    def data(self) -> bytes:
        return b"GIF89a\x00<dot>"


DOT = Dot("a dot & <no> more", 'a "dot"', 28 * EM)


def test_a_notebook_gets_both_forms() -> None:
    assert DOT._repr_mimebundle_() == {"text/plain": "a dot & <no> more", "text/html": DOT.html}
    assert repr(DOT) == '<Dot: a "dot">'


def test_the_image_carries_its_file_and_says_what_it_shows() -> None:
    (data,) = re.findall(r'src="data:image/gif;base64,([^"]+)"', DOT.html)
    assert base64.b64decode(data) == DOT.data
    assert 'alt="a &quot;dot&quot;"' in DOT.html
    assert "<pre" in DOT.html and "a dot &amp; &lt;no&gt; more</pre></details>" in DOT.html


def test_it_grows_with_the_letters_and_shrinks_with_the_page_to_a_bound() -> None:
    assert f"width:28.0em;max-width:100%;min-width:{28 * NARROWEST:.1f}em" in DOT.img
    assert "overflow-x:auto" in DOT.frame and "@media print{.wsdemo-image{min-width:0" in DOT.frame


def test_it_is_saved_as_it_is(tmp_path: Path) -> None:
    DOT.save(tmp_path / "dot.gif")
    assert (tmp_path / "dot.gif").read_bytes() == DOT.data
