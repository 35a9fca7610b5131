"""Answers to requests, given at once or later: a password's hash takes longer than a server's thread may.

::

    request ──► ask() ──┬── a value ────────────────────────► use(value) ──► the answer
                        └── a Future ──► Undecided · · · ──► use(result) ──► connection.decide(the answer)
                                             └── the client leaves, or it takes too long ──► cancel

Knows nothing of users and paths.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.handshake import refusal
from wsdemo.protocol.opening import Answer, Undecided

if TYPE_CHECKING:
    from concurrent.futures import Future

    from wsdemo.net.connection import Connection


class Decisions:
    """The requests of a server, and the Futures that will answer them; for the server's thread.

    ``failed(connection, error)`` is called for each error of ``ask`` and ``use`` but HandshakeError, which
    is an answer.
    """

    def __init__(self, failed: Callable[[Connection, BaseException], object]) -> None:
        self._failed = failed
        self._waiting: dict[int, Future[Any]] = {}  # by connection

    def answer(
        self, connection: Connection, ask: Callable[[], Any], use: Callable[[Any], Answer]
    ) -> Answer | Undecided:
        """The answer that ``use`` makes of the result of ``ask``. Raises HandshakeError, the other answer."""
        try:
            found = ask()
            if not is_future(found):
                return use(found)
        except HandshakeError as error:
            raise self._sayable(connection, error) from None
        except BaseException as error:
            raise self.failure(connection, error) from error
        self._waiting[connection.id] = found
        call_soon = connection.transport.reactor.call_soon
        found.add_done_callback(lambda future: call_soon(self._decided, connection, future, use))
        return Undecided()

    def cancel(self, connection: Connection) -> None:
        """Nothing waits for this decision any more."""
        future = self._waiting.pop(connection.id, None)
        if future is not None:
            future.cancel()

    def _decided(self, connection: Connection, future: Future[Any], use: Callable[[Any], Answer]) -> None:
        if self._waiting.pop(connection.id, None) is None:
            return  # cancelled
        answer: Answer | HandshakeError
        try:
            answer = use(future.result())
        except HandshakeError as error:
            answer = self._sayable(connection, error)
        except BaseException as error:
            answer = self.failure(connection, error)
        connection.decide(answer)

    def _sayable(self, connection: Connection, error: HandshakeError) -> HandshakeError:
        """The error, or the `failure` where its header fields can't be sent."""
        try:
            refusal(error)
        except (TypeError, ValueError) as wrong:
            return self.failure(connection, wrong)
        return error

    def failure(self, connection: Connection, error: BaseException) -> HandshakeError:
        """The answer to a request where our own code fails; it is told to ``failed``."""
        self._failed(connection, error)
        return HandshakeError("the server failed to answer", 500)


def is_future(value: object) -> bool:
    """Whether this is a `concurrent.futures.Future`. Not imported for it: 4 ms of ``import wsdemo``.

    >>> import concurrent.futures
    >>> is_future(concurrent.futures.Future()), is_future(None)
    (True, False)
    """
    module = sys.modules.get("concurrent.futures")
    return module is not None and isinstance(value, module.Future)
