"""A contestant's server: what its process obeys, and what is said when it ends."""

from __future__ import annotations

from typing import Any

import pytest

from wsdemo.bench import served
from wsdemo.bench.peers import PEERS, Library, Running
from wsdemo.bench.served import Contestant, Served, obey, private_memory


def running(**given: Any) -> Running:
    return Running(port=1, **given)


def test_it_obeys_each_command() -> None:
    assert obey(running(), None, {"do": "cpu"})["seconds"] > 0
    assert obey(running(), None, {"do": "memory"}) == {"bytes": private_memory()} or private_memory()
    heard: list[str] = []
    told = running(broadcast=lambda message: heard.append(message) or 1.5)
    assert obey(told, None, {"do": "broadcast", "message": "news"}) == {"began": 1.5} and heard == ["news"]
    asked: list[str] = []
    answer = obey(running(), lambda text: asked.append(text) or text, {"do": "", "message": "a", "times": 3})
    assert answer["seconds"] >= 0 and asked == ["a"] * 3


def test_a_wrong_answer_is_no_round_trip() -> None:
    with pytest.raises(AssertionError):
        obey(running(), lambda text: "other", {"do": "exchange", "message": "a", "times": 1})


def test_memory_is_none_where_the_system_tells_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "MEMORY", "/no/such/file")
    assert private_memory() is None


def test_memory_grows_by_what_is_kept() -> None:
    before = private_memory()
    if before is None:
        pytest.skip("this system tells no memory")
    kept = bytearray(b"x") * (64 << 20)  # so large that it is never put into memory that was given back
    grown = private_memory()
    assert grown is not None and grown - before > 60 << 20 and kept


def test_what_is_missing_is_named_by_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(lambda compressed, crowd: running(), needs=("no_such_module",), pip="no-such-package")
    monkeypatch.setitem(PEERS, "none", library)
    assert Contestant("none", "none").missing == "no-such-package"
    assert Contestant("tcp", "tcp").missing == ""


def test_the_last_words_of_a_server_that_can_t_start_are_told() -> None:
    server = Served(Contestant("without itself", "aiohttp", hidden=("aiohttp",)))
    try:
        with pytest.raises(RuntimeError, match=r"^the server of without itself ended: .*aiohttp"):
            server.wait()
    finally:
        server.close()


def test_it_ends_with_its_input() -> None:
    server = Served(Contestant("tcp", "tcp"))
    server.wait()
    assert server.port and server.cpu() > 0
    server.close()
    assert server._process.returncode is not None
