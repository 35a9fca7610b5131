"""The sniffer between a browser and JupyterLab: the notebook works, and a cell's frames are on record."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any, NamedTuple

from tests import needs
from tests.browser.lab import Lab
from wsdemo.protocol.codes import Opcode
from wsdemo.proxy.sniffer import Sniffer
from wsdemo.trace import TO_CLIENT, TO_SERVER
from wsdemo.trace.packets import FramePacket

pytestmark = needs.chromium

NOTEBOOK = Path(__file__).parent / "data" / "tiny.ipynb"


class Said(NamedTuple):
    """A message of the Jupyter protocol, out of a frame."""

    direction: str
    channel: str  # two of them are not in order with each other
    kind: str
    asked: str  # which request it is, or belongs to
    content: dict[str, Any]


def said(frame: FramePacket) -> Said:
    """Take apart a message of the subprotocol v1.kernel.websocket.jupyter.org: offsets, then the parts.

    The first number, of eight bytes like all of them, says how many offsets there are.
    """
    message = frame.message
    assert isinstance(message, bytes)
    numbers = [int.from_bytes(message[at : at + 8], "little") for at in range(0, len(message) // 8 * 8, 8)]
    offsets = numbers[1 : numbers[0] + 1]
    parts = [message[start:stop] for start, stop in itertools.pairwise(offsets)]
    header, parent, _, content = (json.loads(part) for part in parts[1:5])
    asked = header if frame.direction == TO_SERVER else parent
    return Said(frame.direction, parts[0].decode(), header["msg_type"], asked.get("msg_id", ""), content)


def test_a_cells_execution_frame_by_frame(lab: Lab) -> None:
    """The browser is pointed at the sniffer: page, pictures and sockets go through it."""
    with Sniffer(lab.server.url.replace("http:", "ws:")) as sniffer:
        trace = sniffer.trace
        with lab.open(NOTEBOOK, through=sniffer.url.replace("ws:", "http:")) as lesson:
            lesson.run_all()
            lesson.wait_until(lambda: lesson.text("print(") == "hello")
            slider = lesson.page.get_by_role("slider").first
            slider.focus()
            slider.press("ArrowRight")
            lesson.wait_until(lambda: lesson.text("# what the slider sets") == "4 bytes")
            addresses = lesson.page.evaluate(
                "() => performance.getEntriesByType('resource').map(entry => new URL(entry.name).host)"
            )
            assert set(addresses) == {f"127.0.0.1:{sniffer.port}"}, "nothing goes around the sniffer"
            kernel = next(r.connection for r in trace.requests if "/channels?" in r.target)
            frames = [frame for frame in trace.frames if frame.connection == kernel]
    messages = [said(frame) for frame in frames if frame.opcode == Opcode.BINARY]
    asked = next(m.asked for m in messages if "print(" in m.content.get("code", ""))
    mine = [m for m in messages if m.asked == asked]
    kinds = {
        (channel, direction): [m.kind for m in mine if (m.channel, m.direction) == (channel, direction)]
        for channel, direction in {(m.channel, m.direction) for m in mine}
    }
    prints = [m.content for m in mine if m.kind == "stream"]
    assert kinds == {
        ("shell", TO_SERVER): ["execute_request"],
        ("iopub", TO_CLIENT): ["status", "execute_input", *["stream"] * len(prints), "status"],
        ("shell", TO_CLIENT): ["execute_reply"],
    }
    assert mine[0].kind == "execute_request"
    assert "".join(printed["text"] for printed in prints) == "hello\n"
    assert [m.content["execution_state"] for m in mine if m.kind == "status"] == ["busy", "idle"]
    assert [m.content["status"] for m in mine if m.kind == "execute_reply"] == ["ok"]
    assert {m.kind for m in messages if m.direction == TO_SERVER} >= {"execute_request", "comm_msg"}

    assert all(frame.masked == (frame.direction == TO_SERVER) for frame in frames)
    for frame in frames:
        assert sum(field.bits for field in frame.fields) == 8 * frame.size, frame
    assert all(packet.verdict.accepted for packet in trace.packets)
    assert not trace.dropped
    pages = [packet for packet in trace.responses if packet.status == 200]
    assert len(pages) > 20, "plain HTTP goes through it, too, many requests to a connection"
