from __future__ import annotations

import sys

from wsdemo.views.charts.picture import Picture, figure


def test_the_bundle_has_a_picture_and_its_text():
    picture = Picture(figure(1), "a < b", 'a "title"')
    bundle = picture._repr_mimebundle_()
    assert bundle["text/plain"] == "a < b"
    assert "data:image/png;base64," in bundle["text/html"]
    assert "a &lt; b" in bundle["text/html"]
    assert 'alt="a &quot;title&quot;"' in bundle["text/html"]
    assert not {"image/svg+xml", "image/png"} & bundle.keys()


def test_the_same_drawing_is_the_same_file(tmp_path):
    first, second = (Picture(figure(1), "", "") for _ in range(2))
    assert first.png == second.png
    assert first.png.startswith(b"\x89PNG")
    first.save(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes() == first.png


def test_no_global_state_of_pyplot():
    Picture(figure(1), "", "").png  # noqa: B018
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()
