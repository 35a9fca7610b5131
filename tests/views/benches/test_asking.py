"""A request to take apart: lines left out, edited, added, and the answer."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets
import pytest

from wsdemo.views.benches.asking import SPARE, Answer, asking

LINES = ["GET / HTTP/1.1", "Host: localhost", "Upgrade: websocket"]


def reply(lines: Sequence[str]) -> str:
    return f"HTTP/1.1 400 Bad Request\r\nX: {len(lines)}\r\n\r\n{' | '.join(lines)}\nmore"


def parts(live: object) -> tuple[list[ipywidgets.Checkbox], list[ipywidgets.Text], ipywidgets.Button]:
    *rows, over = live.controls[0].children  # type: ignore[attr-defined]
    return [row.children[0] for row in rows], [row.children[1] for row in rows], over


def test_a_line_is_left_out_edited_and_added() -> None:
    live = asking(reply, LINES)
    boxes, texts, over = parts(live)
    assert len(boxes) == len(LINES) + SPARE
    assert live.text.endswith("=> 400 Bad Request: GET / HTTP/1.1 | Host: localhost | Upgrade: websocket")
    boxes[1].value = False
    texts[2].value = "Upgrade: <b>"
    texts[3].value = "X: y"
    assert live.text.endswith(": GET / HTTP/1.1 | Upgrade: <b> | X: y")
    assert "<b>" not in live.view.value
    over.click()
    assert live.text.endswith("GET / HTTP/1.1 | Host: localhost | Upgrade: websocket")
    assert texts[3].value == ""
    live.close()


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", "101 Switching Protocols", "is WebSocket"),
        ("HTTP/1.1 403 Forbidden\r\n\r\nno, you\n", "403 Forbidden", "no, you"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "403 Forbidden", ""),
        ("", "no answer", ""),
    ],
)
def test_the_verdict(answer: str, status: str, reason: str) -> None:
    found = Answer(LINES, answer)
    assert found.status == status
    assert found.reason.endswith(reason)
    assert status in found.html


def test_a_server_that_does_not_answer_is_told() -> None:
    def silent(lines: Sequence[str]) -> str:
        if len(lines) < len(LINES):
            raise TimeoutError("timed out")
        return reply(lines)

    live = asking(silent, LINES)
    parts(live)[0][0].value = False
    assert "TimeoutError: timed out" in live.view.value
    live.close()
