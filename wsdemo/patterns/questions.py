"""Questions to a stream of NATS: store a message, read some, the newest of a subject.

::

    publish(last=7) ──► stored as 8, if 7 is still the newest there; else 0: nothing was stored
    page(after=3)   ──► 5, 6, 9 …       the messages of some subjects, in one answer
    newest()        ──► 9, its headers

Each question has its answer, or raises ConnectionError where the connection is lost before. All of them are
asked in the thread of NATS. Read `nats` first. Knows nothing of what the messages mean.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from wsdemo.patterns.nats import ANSWER

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js.api import StreamInfo

#: Messages of one page.
PAGE: Final = 1000
#: The error of NATS for a sequence that is not the expected one.
WRONG_SEQUENCE: Final = 10071


class StreamMessage(NamedTuple):
    """A message of a stream; ``at``: seconds since 1970, in whole microseconds."""

    sequence: int
    subject: str
    headers: dict[str, str]
    at: float
    body: bytes


class Questions:
    """The questions to the stream ``name``, over the connection that there is."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._asking: set[asyncio.Future[Any]] = set()  # questions that a loss of the connection ends
        self._connection: Client | None = None
        self._js: Any = None

    def connected(self, connection: Client, js: Any) -> None:
        """Ask over this connection from now on."""
        self._connection, self._js = connection, js

    def lost(self) -> None:
        """The connection is lost: questions without an answer end."""
        self._connection = None
        for question in list(self._asking):
            question.cancel()

    async def publish(self, subject: str, body: bytes, headers: dict[str, str], last: int, of: str) -> int:
        """Store a message if ``last`` is the sequence of the newest one of the subjects ``of``; its sequence.

        0: it is not, and nothing was stored. Raises ConnectionError.
        """
        from nats.js.errors import APIError

        expected = {
            "Nats-Expected-Last-Subject-Sequence": str(last),
            "Nats-Expected-Last-Subject-Sequence-Subject": of,
        }
        try:
            confirmed = await self.answer(lambda js: js.publish(subject, body, headers=headers | expected))
        except APIError as error:
            if error.err_code != WRONG_SEQUENCE:
                raise
            return 0
        return int(confirmed.seq)

    async def newest(self, subjects: str) -> tuple[int, dict[str, str]]:
        """The sequence and the headers of the newest message of some subjects; 0 where there is none.

        Raises ConnectionError.
        """
        from nats.js.errors import NotFoundError

        try:
            found = await self.answer(lambda js: js.get_last_msg(self._name, subjects))
        except NotFoundError:
            return 0, {}
        return found.seq, found.headers or {}

    async def info(self) -> StreamInfo:
        """The stream as it is now. Raises ConnectionError."""
        return await self.answer(lambda js: js.stream_info(self._name))  # type: ignore[no-any-return]

    async def page(self, subjects: str, after: int, size: int) -> list[StreamMessage]:
        """Messages of some subjects above a sequence: at least one if there is one, else ``size`` bytes.

        Raises ConnectionError, and OSError for another answer.
        """
        return await self.answer(lambda js: self._page(subjects, after, size))  # type: ignore[no-any-return]

    async def answer(self, question: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
        """The answer to a question, a function of (JetStream context). Raises ConnectionError."""
        if self._connection is None:
            raise ConnectionError("NATS can't be reached")
        asked = asyncio.ensure_future(question(self._js))
        self._asking.add(asked)
        asked.add_done_callback(self._asking.discard)
        try:
            return await asked
        except asyncio.CancelledError:
            raise ConnectionError("NATS was lost before it answered") from None

    async def _page(self, subjects: str, after: int, size: int) -> list[StreamMessage]:
        """One question, and its answers."""
        connection = self._connection
        assert connection is not None
        question = {
            "seq": after + 1,
            "next_by_subj": subjects,
            "batch": PAGE if size else 1,
            "max_bytes": max(1, size),
        }
        inbox, messages = connection.new_inbox(), list[StreamMessage]()
        answers = await connection.subscribe(inbox)
        try:
            await connection.publish(f"$JS.API.DIRECT.GET.{self._name}", json.dumps(question).encode(), inbox)
            while True:
                found = await answers.next_msg(ANSWER)
                headers = found.headers or {}
                if "Status" in headers:  # 204: the end; 404: there is none
                    if headers["Status"] not in ("204", "404"):
                        raise OSError(f"NATS answers {headers['Status']} {headers.get('Description', '')}")
                    return messages
                sequence, subject = int(headers["Nats-Sequence"]), headers["Nats-Subject"]
                at = datetime.fromisoformat(headers["Nats-Time-Stamp"]).timestamp()
                messages.append(StreamMessage(sequence, subject, headers, at, found.data))
        finally:
            await answers.unsubscribe()
