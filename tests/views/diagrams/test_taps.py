"""Who can read a message at a tap: the bytes decide, in the text and in the table alike."""

from __future__ import annotations

import html
import re

from wsdemo.views.diagrams.taps import taps
from wsdemo.views.drawing import theme

MESSAGE = "PIN <4711>"
SEEN = {
    "ws://": {"Ana's network": b"...PIN <4711>", "the server": MESSAGE.encode()},
    "wss://": {"Ana's network": bytes.fromhex("1703030035") + bytes(40), "the server": MESSAGE.encode()},
    "sealed": {"Ana's network": bytes.fromhex("1703030035") + bytes(40), "the server": b""},
}


def test_a_tap_reads_what_holds_the_message() -> None:
    found = taps(MESSAGE, SEEN)
    reads = {way: [tap for tap in SEEN[way] if found.reads(way, tap)] for way in SEEN}
    assert reads == {"ws://": ["Ana's network", "the server"], "wss://": ["the server"], "sealed": []}


def test_text_and_table_say_the_same() -> None:
    found = taps(MESSAGE, SEEN)
    cells = [html.unescape(words) for words in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", found.html)]
    assert cells[:4] == ["at this tap", *SEEN]
    for row, tap in enumerate(SEEN["ws://"], 1):
        name, *shown = cells[4 * row : 4 * row + 4]
        assert name == tap
        for way, words in zip(SEEN, shown, strict=True):
            assert words.startswith("reads it: 'PIN <4711>'") is found.reads(way, tap)
            assert re.search(rf"(?m)^  {re.escape(tap)} +{re.escape(words)}$", found.text.split(way)[1])
    assert cells.count("– 17 03 03 00 35 00 00 00 …") == 2 and cells[-1] == "– nothing"
    assert found.html.count(theme.css("payload")) == 3 == found.text.count("reads it")


def test_a_way_may_have_fewer_taps() -> None:
    found = taps("x", {"a": {"one": b"x"}, "b": {"two": b"y"}})
    assert found.html.count("reads it") == 1 and "– 79 …" in found.text
