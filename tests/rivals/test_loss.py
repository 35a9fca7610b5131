"""A stall on one connection: all that shares it waits, and nothing else does."""

from __future__ import annotations

import sys
import threading

import pytest

from tests.waiting import open_files
from wsdemo.rivals import loss
from wsdemo.rivals.loss import VARIANTS, Loss, Subscriber, measure

ONE, TWO = "HTTP/2, one connection", "HTTP/1.1, two connections"


@pytest.fixture(scope="module")
def found() -> Loss:
    return measure(hold=0.3)


def test_everything_is_heard_in_order(found: Loss) -> None:
    assert [(one.variant, one.name) for one in found] == [(v, name) for v in VARIANTS for name in "ab"]
    for listener in found:
        assert len(listener.heard) == len(listener.due) == 60
        assert list(listener.heard) == sorted(listener.heard)
        assert min(listener.delays) > 0


def test_what_shares_the_connection_waits_until_the_stall_is_over(found: Loss) -> None:
    """No machine is too slow for this: what was held back can't come before."""
    for key in ((TWO, "a"), (ONE, "a"), (ONE, "b")):
        listener = found[key]
        start, end = listener.stall
        assert end - start >= 0.3
        assert listener.held == listener.within > 0
        for due, delay in zip(listener.due, listener.delays, strict=True):
            if start <= due < end:
                assert delay >= end - due


def test_what_has_a_connection_of_its_own_does_not(found: Loss) -> None:
    listener = found[TWO, "b"]
    assert listener.held < listener.within


def test_each_column_of_the_table_is_what_its_name_says() -> None:
    listener = Subscriber("v", "b", (1.0, 2.0), (0.5, 1.0, 1.5, 1.9, 2.0), (0.6, 1.9, 2.0, 2.5, 2.75))
    found = Loss((listener,), 1.0, "a machine")
    assert found.rows() == [
        {
            "variant": "v",
            "listener": "b",
            "events in the stall": 3,
            "heard after it": 2,
            "latest ms": pytest.approx(900),
        }
    ]
    assert "a machine" in found.table() and "1000 ms" in found.table()
    assert found.delays == {"v: b": listener.delays} and repr(found) == "<Loss: v; 1 s>"
    with pytest.raises(KeyError):
        found["v", "a"]


def test_nothing_is_left_behind() -> None:
    measure(hold=0.01, count=10, rate=500)  # the first time loads modules
    threads, files = set(threading.enumerate()), open_files()
    measure(hold=0.01, count=10, rate=500)
    assert set(threading.enumerate()) <= threads and open_files() <= files


def test_without_http_2_the_rest_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "h2", None)
    assert {one.variant for one in measure(hold=0.01, count=10, rate=500)} == {TWO}
    assert "pip install" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [{"hold": 0}, {"hold": float("nan")}, {"count": 5}])
def test_what_can_not_be_measured_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        loss.measure(**wrong)  # type: ignore[arg-type]
