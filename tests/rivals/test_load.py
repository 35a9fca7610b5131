"""What it costs a server: everything arrives, and what must be more is more."""

from __future__ import annotations

import csv
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.waiting import DEADLINE, open_files
from wsdemo.rivals import load
from wsdemo.rivals.costs import ByteCounts, Costs
from wsdemo.rivals.load import Load, Loads, allow_files
from wsdemo.rivals.news import clock
from wsdemo.rivals.push import WebSocketServer
from wsdemo.rivals.serving import Child
from wsdemo.rivals.ways import FIVE


@pytest.fixture(scope="module")
def loads() -> Loads:
    return load.compare(FIVE, clients=(1, 20), events=8, rate=20, interval=0.1, grace=DEADLINE)


def test_everything_is_delivered(loads: Loads) -> None:
    assert loads.complete
    assert [(entry.way, entry.clients) for entry in loads] == [(way, n) for n in (1, 20) for way in FIVE]
    for entry in loads:
        assert entry.delivered == 8 * entry.clients and not entry.errors
        assert 0 < entry.cpu < 2 * entry.wall + 1
        assert entry.bytes_per_event == entry.costs.total / entry.delivered


def test_a_request_for_each_event_or_none(loads: Loads) -> None:
    assert loads["raw TCP", 20].requests_per_event == 0
    assert loads["WebSocket", 20].requests_per_event == loads["SSE", 20].requests_per_event == 1 / 8
    assert loads["long polling", 20].requests_per_event > 1 / 8


def test_a_thread_for_each_connection_or_one_for_all(loads: Loads) -> None:
    assert loads["SSE", 20].threads >= 20
    assert loads["WebSocket", 1].threads < 5
    assert loads["WebSocket", 20].threads < 5  # not one more; a few come and go with the measuring


def test_more_clients_share_what_is_done_once(loads: Loads) -> None:
    assert loads["WebSocket", 20].cpu_per_event < loads["WebSocket", 1].cpu_per_event


def test_table_rows_and_csv(loads: Loads, tmp_path: Path) -> None:
    assert repr(loads) == f"<Loads: {', '.join(FIVE)}; 1, 20 clients; 8 events>"
    assert len(loads.table().split("\n\n")[0].splitlines()) == 2 + 10
    loads.to_csv(tmp_path / "load.csv")
    with (tmp_path / "load.csv").open(encoding="utf-8", newline="") as file:
        assert [int(line["delivered"]) for line in csv.DictReader(file)] == [8] * 5 + [160] * 5


def test_each_column_of_the_table_is_what_its_name_says() -> None:
    costs = Costs(ByteCounts(0, 30, 5000), ByteCounts(8000, 700, 90), 11, 13, 17000)
    entry = Load("SSE", "a server", 7, 20, 21, 0.5, 2.5, 3, costs)
    assert Loads((entry,), 3, 1.0, 1.0, 1, "a machine").rows() == [
        {
            "way": "SSE",
            "clients": 7,
            "delivered": 20,
            "of": 21,
            "CPU s": 0.5,
            "wall s": 2.5,
            "CPU µs/event": 25000.0,
            "requests/event": 11 / 20,
            "bytes/event": 13820 / 20,
            "threads": 3,
        }
    ]


def test_what_delivered_nothing_has_a_row() -> None:
    entry = Load("SSE", "a server", 7, 0, 21, 0.5, 2.5, 3, Costs(ByteCounts(0, 1, 2), ByteCounts(), 1, 1, 1))
    found = Loads((entry,), 3, 1.0, 1.0, 1, "a machine")
    assert entry.cpu_per_event == 0.5 and entry.requests_per_event == 1 and entry.bytes_per_event == 3
    assert not found.complete and "SSE" in found.table()


class Silent(WebSocketServer):
    """A server that publishes nothing."""

    def publish(self, text: str) -> None:
        """Not a word."""


class Dying(WebSocketServer):
    """A server that ends with the first event."""

    def publish(self, text: str) -> None:
        threading.Thread(target=self.close).start()


class Here:
    """A child that is no process of its own."""

    def __init__(self, server: type[WebSocketServer]) -> None:
        self._make = server

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *error: object) -> None:
        self.server.close()

    def serve(self, way: str) -> None:
        self.server = self._make()
        self.port, self.about = self.server.port, self.server.about

    def start(self, clients: int, **news: Any) -> None:
        self.server.ready(clients, DEADLINE)
        self.server.publish("{}")

    def stop(self) -> dict[str, Any]:
        return {"cpu": 0.0, "wall": 0.0, "threads": 1}

    def done(self) -> None:
        """Nothing waits for it."""


@pytest.mark.parametrize(("server", "grace", "most"), [(Silent, 0.1, 5.0), (Dying, 60.0, 30.0)])
def test_a_run_ends_by_its_deadline_or_by_an_error(
    server: type[WebSocketServer], grace: float, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "Child", lambda: Here(server))
    start = clock()
    found = load.compare(("WebSocket",), clients=(2,), events=1, rate=100, interval=0.1, grace=grace)
    assert clock() - start < most
    assert found["WebSocket", 2].delivered == 0 and not found.complete
    assert bool(found["WebSocket", 2].errors) == (server is Dying)


def test_nothing_is_left_behind_when_it_is_cancelled() -> None:
    threads, files, children = set(threading.enumerate()), open_files(), psutil.Process().children()
    cancel = threading.Event()
    told = []

    def progress(*now: object) -> None:
        told.append(now)
        if len(told) == 2:
            cancel.set()

    found = load.compare(FIVE, clients=(1,), events=5, rate=50, progress=progress, cancel=cancel)
    assert [entry.way for entry in found] == ["short polling", "long polling"]
    assert told[0] == ("short polling", 1, 0, 5)
    assert set(threading.enumerate()) <= threads and open_files() <= files
    assert psutil.Process().children() == children


def test_a_child_that_can_not_serve_says_why() -> None:
    with Child() as child, pytest.raises(RuntimeError, match="no way is called 'telegraph'"):
        child.serve("telegraph")


def test_a_child_ends_with_its_input() -> None:
    for serves in (False, True):
        with Child() as child:
            if serves:
                child.serve("raw TCP")
        assert child._process.returncode == 0


def test_more_files_than_the_system_allows_are_refused() -> None:
    resource = pytest.importorskip("resource")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY:
        pytest.skip("this system allows any number of open files")
    with pytest.raises(OSError, match="use fewer clients"):
        allow_files(hard + 1)


@pytest.mark.parametrize("clients", [(), (0,), (5, -1)])
def test_numbers_of_clients_that_can_not_be(clients: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="from 1"):
        load.compare(clients=clients)
