"""Buttons that do something live, and drawings in a column."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from wsdemo import views
from wsdemo.protocol import State
from wsdemo.views.live.buttons import Buttons


class Counter:
    """Something that a click changes, and that goes on by itself."""

    def __init__(self) -> None:
        self.count = 0
        self.drawn = threading.Event()

    def add(self) -> None:
        self.count += 1

    def fail(self) -> None:
        raise ValueError("no <more>")

    def draw(self) -> views.Column:
        if self.count > 1:
            self.drawn.set()
        return views.column(f"{self.count} clicks")


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def table(counter: Counter) -> Iterator[Buttons]:
    table = views.buttons(
        {"add": counter.add, "fail": counter.fail},
        counter.draw,
        lambda: counter.count,
        caption="Buttons add.",
    )
    yield table
    table.close()


def click(table: Buttons, name: str) -> None:
    next(control for control in table.controls if control.description == name).click()


def test_a_click_does_its_deed_and_draws_anew(table: Buttons) -> None:
    assert table.text == "0 clicks"
    click(table, "add")
    assert table.text == "1 clicks"
    assert "1 clicks" in table.view.value


def test_what_happens_after_a_click_is_followed(table: Buttons, counter: Counter) -> None:
    click(table, "add")
    counter.count = 7
    assert counter.drawn.wait(10)
    deadline = time.monotonic() + 10
    while table.text != "7 clicks" and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert table.text == "7 clicks"


def test_nothing_runs_before_the_first_click_nor_after_the_end(table: Buttons) -> None:
    def followers() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "wsdemo buttons"]

    assert not followers()
    click(table, "add")
    click(table, "add")
    assert len(followers()) == 1
    table.close()
    assert not followers()


def test_what_a_deed_raises_is_shown_as_text(table: Buttons) -> None:
    click(table, "fail")
    assert "ValueError: no &lt;more&gt;" in table.view.value
    click(table, "add")
    assert "ValueError" not in table.view.value


def test_without_a_kernel_the_first_picture_is_seen(table: Buttons) -> None:
    click(table, "add")
    bundle = table.outputs[0]
    assert bundle["text/plain"] == "0 clicks\n(Buttons add.)"
    assert "0 clicks" in bundle["text/html"] and "Buttons add." in bundle["text/html"]


def test_a_column_has_captions_lines_and_drawings() -> None:
    column = views.column("the <client>", "a  1\nb  2", views.states(State.OPEN))
    assert column.text.startswith("the <client>\n\na  1\nb  2\n\n")
    assert "<strong>the &lt;client&gt;</strong>" in column.html
    assert ">a  1\nb  2</pre>" in column.html
    assert column.html.count("<img") == 1
    assert column._repr_mimebundle_()["text/plain"] == column.text


def test_drawings_stand_side_by_side_and_wrap() -> None:
    beside = views.beside(views.column("one", views.states()), views.column("two", views.states(State.OPEN)))
    assert beside.html.startswith('<div style="display:flex;flex-wrap:wrap')
    assert beside.html.count("<img") == 2
    assert beside.text.index("one") < beside.text.index("two")


def test_a_click_and_the_follower_draw_one_after_the_other(table: Buttons) -> None:
    """Each drawing is made and shown under the lock, so none is shown that is older than the one before."""
    held = []
    draw = table._draw
    table._draw = lambda: (held.append(table._lock.locked()), draw())[1]
    click(table, "add")
    table.update()
    assert held and all(held)
    assert not table._lock.locked()
