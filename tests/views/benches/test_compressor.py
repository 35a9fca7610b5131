"""The compressor: each control measures anew, and the choice before stays in sight."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ipywidgets.widgets.widget import _instances

from wsdemo.rivals import compression
from wsdemo.rivals.compression import Settings
from wsdemo.views import compressor
from wsdemo.views.benches.compressor import SCALES, SIZES, Compressor


@pytest.fixture
def press() -> Iterator[Compressor]:
    press = compressor("chat")
    yield press
    press.close()


def test_it_shows_what_one_function_gives(press: Compressor) -> None:
    press.size.value, press.window_bits.value, press.memory_level.value = 64, 9, 1
    press.level.value, press.takeover.value, press.stream.value = 9, False, "sensors"
    assert press.settings == Settings(9, 9, 1, takeover=False)
    messages = compression.cut(compression.stream("sensors"), 64)
    wanted = compression.measure(messages, press.settings, name="sensors")
    found = press.found
    assert (found.stream, found.messages, found.size, found.compressed, found.memory) == (
        *("sensors", len(messages), sum(map(len, messages))),
        *(wanted.compressed, wanted.memory),
    )
    assert len({len(message) for message in messages[:-1]}) == 1


@pytest.mark.parametrize(
    ("control", "value"),
    [
        ("stream", "random"),
        ("size", SIZES[0]),
        ("window_bits", 9),
        ("memory_level", 9),
        ("level", 1),
        ("takeover", False),
    ],
)
def test_each_control_measures_anew_and_the_choice_before_stays(
    press: Compressor, control: str, value: object
) -> None:
    first, drawing = press.found, press.view.value
    getattr(press, control).value = value
    assert press.before is first and press.found is not first
    assert press.view.value != drawing
    assert [line.split()[0] for line in press.text.splitlines()[3:]] == ["now", "before"]
    assert press.picture.svg.count("stroke-dasharray") == len(SCALES)


def test_small_messages_gain_by_what_was_said_before_only(press: Compressor) -> None:
    press.size.value = 16
    kept = press.found
    press.takeover.value = False
    assert kept.ratio < 1 < press.found.ratio
    assert press.found.memory < kept.memory


def test_without_a_kernel_it_is_its_first_picture(press: Compressor) -> None:
    before = press.outputs[0]
    press.size.value = 4096
    assert press.outputs[0] == before
    assert "you choose the stream" in before["text/plain"] and "126  chat" in before["text/plain"]


def test_nothing_of_it_is_left_after_close() -> None:
    before = set(_instances)
    compressor().close()
    assert set(_instances) == before
