"""Questions to a stream: their answers, refusals, and the loss of the connection; JetStream is a fake."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from nats.js.errors import APIError, NotFoundError

from wsdemo.patterns.questions import WRONG_SEQUENCE, Questions


class JetStream:
    """It answers what it is told to, or raises it; without anything it never answers."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    async def _answer(self, *asked):
        self.asked.append(asked)
        if not self.answers:
            await asyncio.Event().wait()
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    async def publish(self, subject, body, headers):
        return await self._answer(subject, body, headers)

    async def get_last_msg(self, stream, subjects):
        return await self._answer(stream, subjects)

    async def stream_info(self, stream):
        return await self._answer(stream)


def connected(*answers):
    ask = Questions("S")
    ask.connected(object(), js := JetStream(*answers))
    return ask, js


def put(ask):
    return ask.publish("s.a", b"1", {"X": "y"}, last=7, of="s.*")


def refused(code):
    return APIError(code=400, err_code=code, description="no")


def test_a_message_is_stored_behind_the_one_that_is_expected():
    ask, js = connected(SimpleNamespace(seq=8))
    assert asyncio.run(put(ask)) == 8
    ((_, _, headers),) = js.asked
    assert headers == {
        "X": "y",
        "Nats-Expected-Last-Subject-Sequence": "7",
        "Nats-Expected-Last-Subject-Sequence-Subject": "s.*",
    }


def test_where_another_one_is_the_newest_nothing_is_stored():
    ask, _ = connected(refused(WRONG_SEQUENCE), refused(WRONG_SEQUENCE + 1))
    assert asyncio.run(put(ask)) == 0
    with pytest.raises(APIError):
        asyncio.run(put(ask))


def test_the_newest_of_a_subject_that_has_none_is_0():
    ask, _ = connected(
        SimpleNamespace(seq=3, headers={"X": "y"}), SimpleNamespace(seq=4, headers=None), NotFoundError()
    )
    found = [asyncio.run(ask.newest("s.a")) for _ in range(3)]
    assert found == [(3, {"X": "y"}), (4, {}), (0, {})]


@pytest.mark.parametrize("question", [put, lambda ask: ask.newest("s.a"), Questions.info])
def test_a_loss_ends_a_question_that_waits(question):
    async def lose():
        ask, js = connected()
        waiting = asyncio.ensure_future(question(ask))
        while not js.asked:
            await asyncio.sleep(0)
        ask.lost()
        with pytest.raises(ConnectionError, match="before it answered"):
            await waiting
        assert not ask._asking
        with pytest.raises(ConnectionError, match="can't be reached"):
            await question(ask)

    asyncio.run(lose())


@pytest.mark.parametrize(
    "question", [put, lambda ask: ask.newest("s.a"), lambda ask: ask.page("s.a", 0, 1), Questions.info]
)
def test_there_is_no_answer_without_a_connection(question):
    with pytest.raises(ConnectionError, match="can't be reached"):
        asyncio.run(question(Questions("S")))
