"""Messages between the nodes of one service, at most once: the interface, and a broker within one process.

::

    node A ── publish("volatile.room5", b"hello") ──► broker ──► node B: receive("volatile.room5", b"hello")
                                                             └──► node C: the same; A itself hears nothing

A *node* is one server process of several that serve the same rooms. What may not be lost goes through a
`entries.Log`; what a broker carries is news that may be lost. Knows nothing of rooms.
"""

from __future__ import annotations

import collections
import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, Generic, Protocol, TypeVar

from wsdemo.protocol.errors import InvalidState

#: News that may wait for a node; beyond it the oldest are dropped.
WAITING: Final = 10_000

Receive = Callable[[str, bytes], object]
Item = TypeVar("Item")
log = logging.getLogger("wsdemo")


class Broker(Protocol):
    """The methods of every broker: one object for each node."""

    up: bool  #: the other nodes can be reached, as far as is known

    def begin(self, receive: Receive) -> None:
        """From now on call ``receive(subject, data)`` for what the other nodes publish."""

    def publish(self, subject: str, data: bytes) -> bool:
        """Tell the other nodes, at most once, in the order of the calls. False: it was not taken.

        ``subject``: words of letters, digits and ``-_%``, with dots between them.
        """

    def close(self) -> None:
        """Leave. Nothing is received any more."""


class Hop(Generic[Item]):
    """A way from one thread to another, with one wake-up for all items that wait.

    ``call``: calls a function in the other thread, such as a server's ``call_soon``; where that thread has
    ended, InvalidState, nothing arrives there any more.
    ``take``: called there with the items, oldest first; what it raises is logged, and kept in ``errors``.

    >>> calls = []
    >>> hop = Hop(calls.append, print)
    >>> hop.put("a"), hop.put("b"), len(calls)
    (None, None, 1)
    >>> calls[0]()
    ['a', 'b']
    """

    def __init__(self, call: Callable[..., object], take: Callable[[list[Item]], object]) -> None:
        self.errors: collections.deque[BaseException] = collections.deque(maxlen=100)
        self._call, self._take = call, take
        self._items: collections.deque[Item] = collections.deque()
        self._woken = False

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Item) -> None:
        """Hand an item over, from any thread."""
        self._items.append(item)
        if not self._woken:
            self._woken = True
            with suppress(InvalidState):
                self._call(self._arrive)

    def drop_oldest(self) -> None:
        """Make room."""
        try:
            self._items.popleft()
        except IndexError:
            pass  # they have just been taken

    def _arrive(self) -> None:
        self._woken = False  # before the items are taken: what is put from here on wakes again
        items = []
        while self._items:
            items.append(self._items.popleft())
        try:
            if items:
                self._take(items)
        except BaseException as error:
            self.errors.append(error)
            log.error("an error in what came from another thread", exc_info=error)


class Hub:
    """The place where `LocalBroker`s meet.

    >>> hub = Hub()
    >>> ann, bob = LocalBroker(hub), LocalBroker(hub)
    >>> ann.begin(print), bob.begin(print)
    (None, None)
    >>> ann.publish("greeting", b"hello")
    greeting b'hello'
    True
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._nodes: list[LocalBroker] = []

    def enter(self, node: LocalBroker) -> None:
        """``node`` hears what the others publish."""
        with self._lock:
            self._nodes.append(node)

    def leave(self, node: LocalBroker) -> None:
        """``node`` hears no more."""
        with self._lock:
            self._nodes = [other for other in self._nodes if other is not node]

    def others(self, node: LocalBroker) -> Iterable[LocalBroker]:
        """All nodes but one."""
        with self._lock:
            return [other for other in self._nodes if other is not node]


class LocalBroker:
    """A `Broker` for nodes of one process. ``call``: calls a function in the thread of this node.

    Without a ``hub`` there is no other node.
    """

    def __init__(
        self, hub: Hub | None = None, call: Callable[..., object] = lambda function, *args: function(*args)
    ) -> None:
        self.up = True
        self._hub = Hub() if hub is None else hub
        self._receive: Receive = lambda subject, data: None
        self._lock = threading.Lock()  # the nodes publish in threads of their own
        self._news: Hop[tuple[str, bytes]] = Hop(call, self._arrived)

    def begin(self, receive: Receive) -> None:
        """See `Broker`."""
        self._receive = receive
        self._hub.enter(self)

    def publish(self, subject: str, data: bytes) -> bool:
        """See `Broker`."""
        for node in self._hub.others(self):
            node.put(subject, data)
        return self.up

    def put(self, subject: str, data: bytes) -> None:
        """News of another node."""
        with self._lock:
            if len(self._news) >= WAITING:
                self._news.drop_oldest()
            self._news.put((subject, data))

    def close(self) -> None:
        """See `Broker`."""
        self.up = False
        self._hub.leave(self)

    def _arrived(self, news: list[tuple[str, bytes]]) -> None:
        deliver(self._receive, news)


def deliver(receive: Receive, news: Iterable[tuple[str, bytes]]) -> None:
    """Call ``receive`` for each; an error in one is logged, and the others are received."""
    for subject, data in news:
        try:
            receive(subject, data)
        except Exception as error:
            log.error("news of another node, %s: %s", subject, error, exc_info=error)
