"""The table of states: complete, what RFC 6455 §7.1 says, and what the protocol really does."""

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


def test_an_open_connection_closes_with_tcp_alone() -> None:
    # RFC 6455 §7.1.4; what never was open has no close frames to wait for
    assert [(state, step) for (state, step), after in TRANSITIONS.items() if after is State.CLOSED] == [
        (State.CONNECTING, Step.REFUSED),
        (State.CONNECTING, Step.EOF),
        (State.OPEN, Step.EOF),
        (State.CLOSING, Step.EOF),
    ]


def test_either_close_frame_is_closing() -> None:
    # "Upon either sending or receiving a Close control frame … in the CLOSING state" (RFC 6455 §7.1.3)
    for state in (State.OPEN, State.CLOSING):
        for step in (Step.CLOSE_SENT, Step.CLOSE_RECEIVED, Step.FAILED):
            assert TRANSITIONS[state, step] is State.CLOSING


def test_every_step_leads_somewhere() -> None:
    assert {step for _, step in TRANSITIONS} == set(Step)
