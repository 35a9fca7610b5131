"""The table of states: complete, and what the protocol really does."""

from __future__ import annotations

from wsdemo.protocol.states import TRANSITIONS, State, Step


def test_every_state_ends_closed_and_nothing_leaves_it() -> None:
    assert all(state is not State.CLOSED for state, _ in TRANSITIONS)
    for state in State:
        seen = {state}
        while more := {after for (before, _), after in TRANSITIONS.items() if before in seen} - seen:
            seen |= more
        assert State.CLOSED in seen


def test_tcp_may_end_at_any_time() -> None:
    for state in set(State) - {State.CLOSED}:
        assert TRANSITIONS[state, Step.EOF] is State.CLOSED


def test_every_step_leads_somewhere() -> None:
    assert {step for _, step in TRANSITIONS} == set(Step)
