"""What the ladder and the states show, read from the drawing and held against the trace."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.views.samples import ended, refused
from tests.views.seen import seen, within
from wsdemo import Trace, views
from wsdemo.protocol.states import TRANSITIONS, State, Step
from wsdemo.record.facts import TO_SERVER, Mark
from wsdemo.trace.packets import Packet
from wsdemo.views.diagrams import ladder
from wsdemo.views.drawing import theme


@pytest.mark.parametrize("made", [ended, refused])
def test_an_arrow_for_each_packet_in_its_direction_and_in_the_order_of_time(
    made: Callable[[], Trace],
) -> None:
    trace = made()
    page = seen(views.ladder(trace))
    within(page)
    rows = ladder.events(trace)
    assert [row.time for row in rows] == sorted(row.time for row in rows)
    client, server = page.find("client"), page.find("server")
    arrows = sorted(page.arrows(), key=lambda arrow: arrow[0][1])
    assert len(arrows) == sum(isinstance(row, Packet) for row in rows)
    for number, row in enumerate(rows):
        y = ladder.HEAD + number * ladder.ROW + 12
        line = sorted((w for w in page.words if abs(w.y - y) < 2), key=lambda word: word.x)
        assert line[0].text == f"{(row.time - rows[0].time) * 1000:.1f} ms"
        if isinstance(row, Mark):
            assert line[-1].text == f"{row.end}: {ladder.ENDS[row.what]}"
            continue
        (start, _), (end, _) = next(arrow for arrow in arrows if abs(arrow[0][1] - y) < 8)
        assert (start < end) == (row.direction == TO_SERVER)
        assert min(start, end) == pytest.approx(client.x, abs=4)
        assert max(start, end) == pytest.approx(server.x, abs=4)
        assert line[-1].text == f"{row.size:,} B"
        words = next(word for word in line if client.x < word.x < server.x)
        assert words.text.startswith(ladder.label(row)[:40])
        (box,) = [b for b in page.boxes if b.holds(words.x, words.y)]
        assert box.looks_like(ladder.look(row))
        bad = row.verdict.outcome in ("refused", "ignored")
        assert ("✗" in words.text) == (not row.verdict.accepted)
        assert (words.color == theme.ALARM) == (box.edge == theme.ALARM) == bad
    several = len({row.connection for row in rows}) > 1
    assert any(text == "#2" for text in page.texts) == several


def test_a_ladder_says_what_it_leaves_out() -> None:
    assert "nothing yet" in seen(views.ladder(Trace())).texts
    full = seen(views.ladder(ended()))
    assert not {"nothing yet", "… 0 earlier"} & set(full.texts)
    few = views.ladder(ended(), most=2)
    hidden = len(ladder.events(ended())) - 2
    assert f"… {hidden} earlier" in seen(few).texts
    assert few.text.splitlines()[1] == f"… {hidden} earlier ones are not shown"
    assert few.text.splitlines()[-1] == views.ladder(ended()).text.splitlines()[-1], "the newest are shown"


@pytest.mark.parametrize(
    "path",
    [
        (),
        (Step.ACCEPTED,),
        (Step.REFUSED,),
        (Step.ACCEPTED, Step.FAILED, Step.EOF),
        (Step.ACCEPTED, Step.CLOSE_SENT, Step.CLOSE_RECEIVED, Step.EOF),
    ],
    ids=lambda path: " ".join(step.name for step in path) or "no path",
)
def test_the_states_passed_are_lit_and_the_steps_numbered(path: tuple[Step, ...]) -> None:
    page = seen(views.states(path))
    within(page)
    passed = [State.CONNECTING]
    for step in path:
        passed.append(TRANSITIONS[passed[-1], step])
    for state in State:
        name = page.find(state.name)
        (box,) = [b for b in page.boxes if b.holds(name.x, name.y)]
        words = page.inside(box)
        here = bool(path) and state is passed[-1]
        assert ("now" in words) == here
        assert ("passed" in words) == (bool(path) and state in passed and not here)
        assert box.looks_like("opcode") == here
    numbers = [word.text for word in page.words if word.color == theme.PAPER]
    assert sorted(numbers) == [str(number) for number in range(1, len(path) + 1)]
    bold = [word.text for word in page.words if word.bold and word.text in {step.value for step in Step}]
    assert sorted(bold) == sorted(step.value for step in path)
    assert len(page.arrows()) == len(TRANSITIONS)
