"""The news: the same for the same seed, numbered without gaps, published in order."""

from __future__ import annotations

import json
import threading
from itertools import pairwise

import pytest

from tests.waiting import DEADLINE
from wsdemo.rivals import news
from wsdemo.rivals.clients import number_of
from wsdemo.rivals.news import NewsItem, Publisher, events


def test_the_same_seed_gives_the_same_news() -> None:
    assert events(50, 10, seed=3) == events(50, 10, seed=3) != events(50, 10, seed=4)


def test_events_are_numbered_and_in_order() -> None:
    told = events(200, 50)
    assert [event.number for event in told] == list(range(1, 201)) == [number_of(e.text) for e in told]
    assert all(before.at < after.at for before, after in pairwise(told))


def test_the_rate_is_kept_on_average() -> None:
    assert events(5000, 50)[-1].at == pytest.approx(100, rel=0.05)


@pytest.mark.parametrize("size", [80, 1000])
def test_a_text_has_the_size_asked_for(size: int) -> None:
    for event in events(20, 10, size=size):
        assert len(event.text.encode()) == size
        assert json.loads(event.text)["event"] == event.number


@pytest.mark.parametrize(
    ("count", "rate", "size"), [(0, 1, None), (1, 0, None), (1, float("nan"), None), (1, 1, 20)]
)
def test_what_can_not_be_is_refused(count: int, rate: float, size: int | None) -> None:
    with pytest.raises(ValueError):
        events(count, rate, size=size)


def test_a_publisher_publishes_in_order() -> None:
    told, published = events(20, 1000), []
    publisher = Publisher(told, published.append)
    publisher.start()
    assert publisher.join(DEADLINE)
    assert published == [event.text for event in told]
    assert len(publisher.times) == 20 and publisher.times == sorted(publisher.times)


def test_an_event_is_due_when_it_happens_also_where_the_publisher_is_held_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Coordinated omission: counted from when it was published at last, nothing would be late."""
    now = [100.0]
    monkeypatch.setattr(news, "clock", lambda: now[0])
    told = [NewsItem(1, 0.0, "a"), NewsItem(2, 0.25, "b"), NewsItem(3, 0.5, "c")]
    published: list[tuple[str, float]] = []

    def publish(text: str) -> None:
        published.append((text, now[0]))
        now[0] += 10.0  # what is published here is in the way of all that follows

    publisher = Publisher(told, publish)
    assert publisher.times == []
    publisher.start()
    assert publisher.join(DEADLINE)
    assert published == [("a", 100.0), ("b", 110.0), ("c", 120.0)]
    assert publisher.times == [100.0, 100.25, 100.5]


def test_a_publisher_can_be_stopped() -> None:
    begun, published = threading.Event(), []

    def publish(text: str) -> None:
        published.append(text)
        begun.set()

    publisher = Publisher(events(1000, 100), publish)
    publisher.start()
    assert begun.wait(DEADLINE)
    publisher.stop()
    assert publisher.join(0) and len(published) < 1000


def test_a_publisher_that_was_never_started_can_be_stopped() -> None:
    Publisher(events(1, 1), print).stop()


def test_a_publisher_keeps_the_error_that_ended_it() -> None:
    publisher = Publisher(events(3, 1000), lambda text: 1 / 0)
    publisher.start()
    assert publisher.join(DEADLINE)
    assert isinstance(publisher.error, ZeroDivisionError)
