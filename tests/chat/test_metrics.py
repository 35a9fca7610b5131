"""Metrics, as `prometheus_client` reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.chat.visiting import Visitor, ask
from wsdemo import connect
from wsdemo.chat import Chat
from wsdemo.chat.metrics import Histogram, MeasuredLog, text
from wsdemo.patterns.broker import LocalBroker
from wsdemo.patterns.log import MemoryLog, Post

Key = tuple[str, tuple[tuple[str, str], ...]]


def scraped(chat: Chat) -> dict[Any, float]:
    """The samples by name, or by (name, labels)."""
    found = ask(chat, "GET", "/metrics")
    assert found.status == 200 and found.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return samples(found.fields)


def samples(lines: str) -> dict[Any, float]:
    read: dict[Any, float] = {}
    for family in text_string_to_metric_families(lines):
        assert family.documentation and family.type != "unknown"
        for sample in family.samples:
            labels = ",".join(sample.labels.values())
            key = sample.name.removeprefix("wsdemo_chat_"), labels
            assert key not in read
            read[key if labels else key[0]] = sample.value
    return read


@pytest.mark.parametrize("durable", [False, True])
def test_all_that_is_promised_is_there_and_right(tmp_path: Path, durable: bool) -> None:
    with Chat(db=tmp_path / "chat.db" if durable else None) as chat:
        with pytest.raises(Exception, match="403"):
            connect(chat.websocket_url, origin="http://evil.example")
        with Visitor(chat, "ann.a") as ann, Visitor(chat, "bob.b") as bob:
            ann.join(presence=True)
            bob.join()
            while "bob" not in ann.until("presence")["joined"]:
                pass
            for n in (1, 2, 3):
                bob.publish(n)
                bob.until("confirm")
            bob.say("volatile", channel="#lobby", body=1)
            ann.until("volatile")
            found = scraped(chat)
            assert found["connections"] == found["opened_total"] == 2
        after = scraped(chat)
    assert found["refused_total", "403"] == 1
    assert found["messages_total", "received,publish"] == 3
    assert found["messages_total", "received,hello"] == found["messages_total", "sent,welcome"] == 2
    assert found["messages_total", "sent,message"] == 6
    assert found["messages_total", "sent,confirm"] == 3
    assert found["messages_total", "received,volatile"] == found["messages_total", "sent,volatile"] == 1
    assert found["messages_total", "sent,presence"] >= 1
    assert found["log_confirm_seconds_count"] == found["log_confirm_seconds_bucket", "+Inf"] == 3
    assert found["log_confirm_seconds_sum"] > 0
    assert found["log_commit_seconds_count"] == (3 if durable else 0)
    assert found["log_batch_posts_sum"] == 3
    assert (found["log_waiting_posts"], found["log_up"], found["missed_total"]) == (0, 1, 0)
    assert found["sent_bytes_total"] > found["received_bytes_total"] > 100
    assert found["lag_seconds"] >= 0 and found["errors_total"] == 1
    assert after["closed_total", "1000"] == 2 and after["connections"] == 0


def test_no_client_chooses_a_label() -> None:
    with Chat() as chat:
        for code in (1000, 3000, 4321, 4401):
            with Visitor(chat) as ann:
                ann.until("welcome")
                ann.ws.close(code)
        found = scraped(chat)
    codes = {key[1]: value for key, value in found.items() if key[0] == "closed_total"}
    assert codes == {"1000": 1, "4401": 1, "other": 2}


def test_the_broker_is_up_or_down_where_there_is_one() -> None:
    broker = LocalBroker()
    with Chat(broker=lambda call: broker) as chat:
        assert scraped(chat)["broker_up"] == 1
        broker.up = False
        assert scraped(chat)["broker_up"] == 0
    with Chat() as alone:
        assert "broker_up" not in scraped(alone)


def test_labels_are_escaped() -> None:
    (family,) = text_string_to_metric_families(
        text([("a", "gauge", "Help.", [("", {"x": 'a"b\\c\nd', "y": 1}, 2.0)])])
    )
    (sample,) = family.samples
    assert sample.labels == {"x": 'a"b\\c\nd', "y": "1"} and sample.value == 2.0


def test_a_bound_belongs_to_its_bucket() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (1.0, 1.5, 2.0, 9.0):
        histogram.add(value)
    found = samples(text([("a", "histogram", "Help.", histogram.samples())]))
    assert found == {
        ("a_bucket", "1.0"): 1,
        ("a_bucket", "2.0"): 3,
        ("a_bucket", "+Inf"): 4,
        "a_count": 4,
        "a_sum": 13.5,
    }


def test_a_log_that_takes_nothing_leaves_nothing_waiting() -> None:
    class Full(MemoryLog):
        def append(self, post: Post) -> bool:
            return False

    log = MeasuredLog(lambda done, call: Full(done), print, print)
    assert not log.append(Post("#a", "d", 1, "ann", "1")) and log.waiting == 0
    assert (log.epoch, log.durable) == (log.log.epoch, False)
    log.close()


def test_seconds_are_those_from_the_post_to_its_outcome() -> None:
    now, held = [10.0], []

    class Later(MemoryLog):
        def append(self, post: Post) -> bool:
            held.append(post)
            return True

    log = MeasuredLog(lambda done, call: Later(done), print, print, lambda: now[0])
    log.append(Post("#a", "d", 1, "ann", "1"))
    assert log.waiting == 1
    now[0] = 12.0
    MemoryLog.append(log.log, held[0])  # type: ignore[arg-type]
    assert log.waiting == 0
    assert list(log.confirm.samples())[-1] == ("_sum", {}, 2.0)
