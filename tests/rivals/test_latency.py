"""How late the news is: everything arrives, the orderings hold on a slow machine, and the numbers add up."""

from __future__ import annotations

import csv
import dataclasses
import math
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from tests.waiting import DEADLINE, open_files
from wsdemo.record.facts import TO_SERVER
from wsdemo.rivals import latency
from wsdemo.rivals.clients import WebSocketClient, number_of
from wsdemo.rivals.costs import ByteCounts, Costs
from wsdemo.rivals.latency import Comparison, Delivery, Progress, WayResult, compare
from wsdemo.rivals.push import WebSocketServer
from wsdemo.rivals.ways import FIVE, STRONG, TWO, WAYS, Way

INTERVAL = 0.4
HELD = 0.2  #: seconds


@pytest.fixture(scope="module")
def result() -> Comparison:
    """All ways, a few events each; the poll interval is long, so that orderings hold on a busy machine."""
    ways, grace = (*FIVE, *STRONG[:4], *TWO), DEADLINE
    return compare(ways, events=40, rate=40, interval=INTERVAL, rounds=2, warm_up=2, clients=2, grace=grace)


def test_every_event_is_delivered_once_by_each_way(result: Comparison) -> None:
    assert result.complete
    for outcome in result:
        found = sorted((d.round, d.client, d.event) for d in outcome.deliveries)
        assert found == [(r, c, e) for r in (1, 2) for c in (0, 1) for e in range(1, 21)], outcome.way
        assert not outcome.errors
        assert outcome.expected == 80 and len(outcome.delays) == 80 - 2 * 2 * 2
        assert min(outcome.delays) > 0


def test_all_ways_tell_the_same_events(result: Comparison) -> None:
    payloads = {outcome.costs.received.payload for outcome in result}
    assert len(payloads) == 1


def test_a_short_poll_is_late_by_a_share_of_its_interval(result: Comparison) -> None:
    """Half of it on average; with so few events between a fifth and nine tenths. A busy machine only adds."""
    for way in ("short polling", "short polling, Starlette", "short polling, HTTP/2"):
        assert result[way].p50 > 0.2 * INTERVAL and result[way].calm < 0.9 * INTERVAL


def test_who_waits_or_is_told_hears_sooner_than_who_asks_now_and_then(result: Comparison) -> None:
    for way in (*FIVE[1:], *STRONG[1:4], *TWO[1:]):
        assert result[way].calm < result["short polling"].p50


def test_what_keeps_a_connection_needs_the_fewest_requests_and_bytes(result: Comparison) -> None:
    costs = {outcome.way: outcome.costs for outcome in result}
    assert costs["WebSocket"].requests == costs["SSE"].requests == 4  # an opening for each client and round
    assert costs["raw TCP"].requests == 0
    assert costs["long polling"].requests > 4 and costs["short polling"].requests > 4
    assert costs["WebSocket"].total < costs["SSE"].total < costs["long polling"].total
    assert costs["SSE, HTTP/2"].requests == costs["WebSocket, Starlette"].requests == 4


def test_heads_of_http_2_are_compressed(result: Comparison) -> None:
    one, two = (result[f"short polling, {name}"].costs for name in ("Starlette", "HTTP/2"))
    each = [(costs.sent.heads + costs.received.heads) / costs.requests for costs in (one, two)]
    assert each[1] < each[0] / 2


def test_the_costs_are_those_of_the_trace(result: Comparison) -> None:
    for outcome in result:
        assert outcome.costs.total == outcome.trace.size
        assert outcome.bytes_per_event == outcome.trace.size / 80


def test_the_table_has_a_row_for_each_way_and_the_conditions(result: Comparison) -> None:
    lines = result.table().splitlines()
    assert [line.split("  ")[0] for line in lines[2:14]] == [outcome.way for outcome in result]
    words = " ".join(lines[14:])
    for condition in ("40 events", "40/s", "2 clients", "0.4 s", "seed 1", "loopback", "warming up"):
        assert condition in words
    assert "estimate" in lines[0]
    for row in result.bytes_rows():
        parts = [value for name, value in row.items() if name not in ("way", "all", "TCP/IP (estimate)")]
        assert sum(parts) == pytest.approx(row["all"])  # type: ignore[arg-type]


def test_each_column_of_the_tables_is_what_its_name_says(result: Comparison) -> None:
    """All figures differ, so no two columns can be exchanged."""
    costs = Costs(ByteCounts(0, 30, 5000), ByteCounts(8000, 700, 90), 11, 13, 17000)
    told = [Delivery("SSE", 1, 0, n, 1.0, 1.0 + n / 1000, False) for n in range(1, 1002)]
    outcome = dataclasses.replace(result["SSE"], deliveries=tuple(told), expected=1003, costs=costs)
    one = dataclasses.replace(result, outcomes=(outcome,))
    (row,) = one.rows()
    quantiles = [row.pop(f"p{share} ms") for share in (50, 90, 99)]
    assert quantiles == pytest.approx([501, 901, 991])
    assert row == {
        "way": "SSE",
        "delivered": 1001,
        "of": 1003,
        "requests": 11,
        "connections": 13,
        "bytes/event": 13820 / 1001,
        "TCP/IP (estimate)": 17000 / 1001,
    }
    assert one.bytes_rows() == [
        {
            "way": "SSE",
            "payload": 8000 / 1001,
            "framing up": 30 / 1001,
            "framing down": 700 / 1001,
            "HTTP heads up": 5000 / 1001,
            "HTTP heads down": 90 / 1001,
            "all": 13820 / 1001,
            "TCP/IP (estimate)": 17000 / 1001,
        }
    ]
    assert [line.split() for line in one.table().splitlines()[:3:2]] == [
        [
            "way",
            "p50",
            "ms",
            "p90",
            "ms",
            "p99",
            "ms",
            "delivered",
            "of",
            "requests",
            "connections",
            "bytes/event",
            "TCP/IP",
            "(estimate)",
        ],
        ["SSE", "501", "901", "991", "1001", "1003", "11", "13", "13.8", "17"],
    ]


@pytest.mark.parametrize(
    ("events", "stated"),
    [(19, []), (20, ["p50"]), (99, ["p50"]), (100, ["p50", "p90"]), (1000, ["p50", "p90", "p99"])],
)
def test_no_quantile_of_too_few_events(result: Comparison, events: int, stated: list[str]) -> None:
    told = tuple(Delivery("SSE", 1, 0, n, 0.0, float(n), n < 0) for n in range(-3, events))
    outcome = dataclasses.replace(result["SSE"], deliveries=told)
    (row,) = dataclasses.replace(result, outcomes=(outcome,)).rows()
    assert [name.removesuffix(" ms") for name in row if name.endswith(" ms")] == stated
    for name in ("p50", "p90", "p99"):
        assert math.isnan(getattr(outcome, name)) == (name not in stated)


class HeldUp(WebSocketServer):
    """A server that makes the publisher wait before its fifth event, for `HELD` seconds."""

    def publish(self, text: str) -> None:
        if number_of(text) == 5:
            threading.Event().wait(HELD)
        super().publish(text)


def test_a_server_that_holds_the_publisher_up_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that happens meanwhile is late, by what is left of the time; no delay may be left out."""
    monkeypatch.setitem(WAYS, "held up", Way("held up", WebSocketClient, HeldUp))
    found = compare(("held up",), events=30, rate=100, rounds=1, warm_up=0, grace=DEADLINE)
    assert found.complete
    due = {delivery.event: delivery.due for delivery in found["held up"].deliveries}
    for delivery in found["held up"].deliveries:
        if delivery.event >= 5:
            assert delivery.delay >= HELD - (delivery.due - due[5])
    late = sum(delivery.delay > HELD / 4 for delivery in found["held up"].deliveries)
    assert late >= 5  # of 100 events a second in 0.2 seconds, whatever the machine does


def test_every_delivery_is_a_line_of_the_csv(result: Comparison, tmp_path: Path) -> None:
    path = tmp_path / "delays.csv"
    result.to_csv(path)
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 12 * 80
    for line in lines:
        delay = float(line["received"]) - float(line["due"])
        assert float(line["delay"]) == pytest.approx(delay, abs=1e-6)
    assert sum(line["warm_up"] == "1" for line in lines) == 12 * 8


def test_calm_is_the_median_of_the_calmest_quarter_of_the_rounds(result: Comparison) -> None:
    rounds = {1: [5.0, 9.0, 7.0], 2: [1.0, 2.0, 9.0], 3: [4.0], 4: [8.0], 5: [3.0]}
    told = [
        Delivery("SSE", number, 0, event, 0.0, delay, False)
        for number, delays in rounds.items()
        for event, delay in enumerate(delays)
    ]
    warm = Delivery("SSE", 2, 0, 9, 0.0, 0.1, True)
    outcome = dataclasses.replace(result["SSE"], deliveries=(warm, *told))
    assert outcome.calm == 2.0
    assert math.isnan(dataclasses.replace(outcome, deliveries=()).calm)


def test_its_text_is_the_same_in_every_run(result: Comparison) -> None:
    text = repr(result)
    assert text.startswith("<Comparison: short polling, ") and text.endswith("interval 0.4, seed 1>")
    assert str(result["SSE"]).startswith("WayResult(way='SSE', server='http.server")


def test_an_unknown_way_is_a_key_error(result: Comparison) -> None:
    with pytest.raises(KeyError):
        result["telegraph"]


def sent(outcome: WayResult) -> list[float]:
    """The times of a client's requests."""
    return [chunk.time for chunk in outcome.trace.chunks if chunk.direction == TO_SERVER]


def test_a_longer_round_trip_makes_everything_later() -> None:
    ways, far = ("long polling", "WebSocket"), 0.1
    found = compare(ways, events=24, rate=80, rounds=1, warm_up=2, round_trip=far, grace=DEADLINE)
    assert found.complete
    for way in ways:
        assert min(found[way].delays) >= far / 2  # half a round trip, after it happened
    asked = sent(found["long polling"])
    assert len(asked) > 1 and min(after - before for before, after in pairwise(asked)) >= far


def test_a_poll_waits_for_the_answer_to_the_one_before() -> None:
    """What lesson 08 says of an interval that is shorter than the round trip."""
    found = compare(
        ("short polling",),
        events=20,
        rate=15,
        interval=0.05,
        rounds=1,
        round_trip=0.2,
        warm_up=0,
        grace=DEADLINE,
    )
    assert found.complete
    asked = sent(found["short polling"])
    assert len(asked) > 1 and min(after - before for before, after in pairwise(asked)) >= 0.2
    assert min(found["short polling"].delays) >= 0.1


def test_progress_tells_every_delivery_in_the_thread_that_asked() -> None:
    seen: list[Progress] = []
    threads = set()

    def progress(now: Progress) -> None:
        seen.append(now)
        threads.add(threading.current_thread())

    found = compare(
        ("SSE", "raw TCP"), events=20, rate=200, warm_up=1, clients=2, progress=progress, grace=DEADLINE
    )
    assert threads == {threading.current_thread()}
    assert (seen[-1].done, seen[-1].total) == (80, 80)
    assert [d for now in seen for d in now.new if d.way == "SSE"] == list(found["SSE"].deliveries)


def test_it_can_be_cancelled() -> None:
    before, files = set(threading.enumerate()), open_files()
    cancel = threading.Event()
    found = compare(
        FIVE, events=10_000, rate=50, cancel=cancel, progress=lambda now: now.done and cancel.set()
    )
    assert not found.complete
    assert sum(len(outcome.deliveries) for outcome in found) < 1000
    assert found["raw TCP"].costs.total == 0  # its turn did not come
    assert "–" in found.table()
    assert set(threading.enumerate()) <= before and open_files() <= files


def test_an_error_in_the_callback_leaves_nothing_behind() -> None:
    before, files = set(threading.enumerate()), open_files()
    with pytest.raises(ZeroDivisionError):
        compare(FIVE, events=100, rate=50, progress=lambda now: 1 / 0)
    assert set(threading.enumerate()) <= before and open_files() <= files


@pytest.mark.parametrize(
    "wrong",
    [
        {"interval": 0},
        {"interval": float("nan")},
        {"round_trip": -1},
        {"clients": 0},
        {"rounds": 0},
        {"warm_up": -1},
        {"events": 6, "rounds": 2, "warm_up": 3},
        {"rate": 0},
        {"size": 10},
        {"ways": ["telegraph"]},
    ],
)
def test_what_can_not_be_measured_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        latency.compare(**wrong)  # type: ignore[arg-type]
