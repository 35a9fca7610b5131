"""A page in a cell: what is in the output; the browser's part is in tests/browser/test_chat.py."""

from __future__ import annotations

import re

from wsdemo.views.live.webpage import Webpage


def test_without_scripts_a_line_with_the_address_remains() -> None:
    page = Webpage("http://127.0.0.1:8000/", 8000, "a chat <b>", path="?a=1")
    bundle = page._repr_mimebundle_()
    assert bundle["text/plain"] == repr(page) == "a chat <b>: http://127.0.0.1:8000/?a=1"
    still = re.sub(r"<script>.*</script>", "", bundle["text/html"], flags=re.DOTALL)
    assert "<p>a chat &lt;b&gt;: http://127.0.0.1:8000/?a=1</p>" in still


def test_nothing_of_it_ends_the_script() -> None:
    page = Webpage("http://127.0.0.1:8000/", 8000, "a chat", path="</script><script>alert(1)")
    assert page.html.count("<script>") == page.html.count("</script>") == 1
    assert '8000, "\\u003c/script>' in page.html


def test_each_output_has_a_place_of_its_own() -> None:
    page = Webpage("http://127.0.0.1:8000/", 8000, "a chat")
    ids = [re.findall(r'id="(\S+)"', page.html)[0] for _ in range(2)]
    assert ids[0] != ids[1] and f'["{ids[0]}"' not in page.html
