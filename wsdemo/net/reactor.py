"""One thread that waits for many sockets: poller, timers, and calls from other threads.

::

            ┌───────────────────────── one turn ─────────────────────────┐
            │ wait: a socket is ready, a timer is due, or a call has come │
            │ sockets: callback(mask) for each that is ready              │
            │ calls:   call_soon(f) from other threads                    │
            │ timers:  call_later(seconds, f)                             │
            └────────────────────────────────────────────────────────────┘

Everything runs in the reactor's one thread, one thing after the other, so nothing that it calls may block.
An exception in a callback is kept in ``errors`` and logged; the thread goes on. Knows nothing of protocols.
"""

from __future__ import annotations

import collections
import functools
import heapq
import itertools
import os
import socket
import threading
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from wsdemo.net.poller import READ as READ
from wsdemo.net.poller import WRITE as WRITE
from wsdemo.net.poller import poller
from wsdemo.net.waiting import LONGEST

#: Seconds after which `Reactor.lag` begins to forget.
LAG_WINDOW: Final = 10.0

if TYPE_CHECKING:
    import logging


@functools.cache
def log() -> logging.Logger:
    """The logger of the package, silent unless the program asks: a thread never prints."""
    import logging  # 3 ms of `import wsdemo`

    logger = logging.getLogger("wsdemo")
    logger.addHandler(logging.NullHandler())
    return logger


class Watched(Protocol):
    """A socket and its callback: the owner itself, which is 0.12 KiB less than a method and a tuple."""

    sock: socket.SocketType
    events: int  #: READ, WRITE or both, as `Reactor.watch` sets it; 0 at first

    def ready(self, mask: int, /) -> object:
        """The socket is ready for READ, WRITE, or both."""


class WatchedSocket:
    """A socket whose callback is a function, ``ready(mask)``."""

    __slots__ = ("events", "ready", "sock")

    def __init__(self, sock: socket.SocketType, ready: Callable[[int], object]) -> None:
        self.sock = sock
        self.ready = ready
        self.events = 0


class Timer:
    """One call at a time in the future, unless `cancel` comes first."""

    __slots__ = ("args", "function", "when")

    def __init__(self, when: float, function: Callable[..., object] | None, args: tuple[Any, ...]) -> None:
        self.when = when  # seconds on the monotonic clock
        self.function = function
        self.args = args

    def cancel(self) -> None:
        """Prevent the call. May be called twice, and after the call."""
        self.function = None
        self.args = ()


class Reactor:
    """A poller and its thread. The thread starts with the object and ends with `close`.

    >>> reactor = Reactor("example")
    >>> done = threading.Event()
    >>> timer = reactor.call_later(0, done.set)
    >>> done.wait(timeout=5)
    True
    >>> reactor.close()
    """

    def __init__(self, name: str) -> None:
        self.errors: collections.deque[BaseException] = collections.deque(maxlen=100)
        self.now = time.monotonic()  #: seconds; read once a turn
        self.forked = False  #: true in a child process, where the thread does not exist
        self.users = 0  # of the shared reactor: the number of connections that hold it
        log()  # a failure may come when no module can be loaded any more
        self._poller = poller()
        # By file descriptor; a list: 0.05 KiB of each connection less than with a dict.
        self._watched: list[Watched | None] = []
        self._calls: collections.deque[tuple[Callable[..., object], tuple[Any, ...]]] = collections.deque()
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._late = (0.0, 0.0, self.now)  # the most that a timer was late, see `lag`
        self.stopping = False  #: the thread is about to end, or has ended
        self._waiting = False  # in `poll`, so that a call must wake it
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)
        self._ringer.setblocking(False)
        self.watch(WatchedSocket(self._bell, self._hear), READ)
        self._ident: int | None = None  # of the thread while it runs; later another one may get that number
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        _reactors.add(self)
        self.thread.start()

    @property
    def here(self) -> bool:
        """Whether the caller runs in the reactor's thread."""
        return threading.get_ident() == self._ident

    @property
    def lag(self) -> float:
        """Seconds that a timer was late, the most in the last ten to twenty; one that is late now counts.

        Timers are late when a callback holds up the thread. In any thread.
        """
        overdue = [time.monotonic() - when for when, _, _ in self._timers[:1]]
        worst, before, _ = self._late  # second: `_fire` notes a late timer before it takes it out
        return max(worst, before, *overdue)

    # -- sockets: from the reactor's thread only ---------------------------------------------------------

    def watch(self, watched: Watched, events: int) -> None:
        """Call ``watched.ready(mask)`` whenever its socket is ready for one of ``events``; 0 is none."""
        if events == watched.events:
            return
        fd = watched.sock.fileno()
        self._poller.watch(fd, events, watched.events)
        watched.events = events
        if fd >= len(self._watched):
            self._watched.extend([None] * (fd + 1 - len(self._watched)))
        self._watched[fd] = watched if events else None

    def listens(self, port: int) -> bool:
        """Whether a listening socket with this port is watched; from the reactor's thread only."""
        socks = [watched.sock for watched in self._watched if watched is not None]
        return any(
            sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and sock.getsockname()[1] == port
            for sock in socks
        )

    # -- calls: from any thread ---------------------------------------------------------------------------

    def call_soon(self, function: Callable[..., object], *args: Any) -> None:
        """Call ``function(*args)`` in the reactor's thread, as soon as it gets there."""
        self._calls.append((function, args))
        if self._waiting:
            self._ring()

    def call_later(self, seconds: float, function: Callable[..., object], *args: Any) -> Timer:
        """Call ``function(*args)`` in the reactor's thread, after ``seconds``."""
        timer = Timer(time.monotonic() + seconds, function, args)
        if self.here:
            self._push(timer)
        else:
            self.call_soon(self._push, timer)
        return timer

    def close(self) -> None:
        """End the thread, and wait for it (not from itself). Sockets are closed by their owners."""
        self.stopping = True
        if self.forked:
            return
        self._ring()
        if not self.here:
            self.thread.join()

    # -- the thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._ident = threading.get_ident()
        _here.reactor = self
        poll = self._poller.poll
        mask = self._poller.mask
        watched = self._watched
        calls = self._calls
        timers = self._timers
        monotonic = time.monotonic
        while not self.stopping:
            # Say so before looking, so that a call that comes now rings the bell.
            self._waiting = True
            if calls:
                timeout: float | None = 0
            elif timers:
                timeout = timers[0][0] - monotonic()
                timeout = 0 if timeout < 0 else timeout if timeout < LONGEST else LONGEST
            else:
                timeout = None
            ready = poll(timeout)
            self._waiting = False
            self.now = monotonic()
            for fd, bits in ready:
                found = watched[fd]
                if found is None:  # an earlier callback in this turn has unregistered it
                    continue
                try:
                    found.ready(bits if bits == READ else mask(bits))
                except BaseException as error:
                    self._report(error)
            if calls:
                for _ in range(len(calls)):
                    function, args = calls.popleft()
                    self._call(function, args)
            if timers and timers[0][0] <= self.now:
                self._fire()
        self._dispose()
        self._ident = None

    def _fire(self) -> None:
        timers, now = self._timers, time.monotonic()  # `self.now` is from before the callbacks of this turn
        worst, before, since = self._late
        if now - since > LAG_WINDOW:
            worst, before, since = 0.0, worst, now
        self._late = max(worst, now - timers[0][0]), before, since
        while timers and timers[0][0] <= self.now:
            timer = heapq.heappop(timers)[2]
            if timer.function is not None:
                self._call(timer.function, timer.args)

    def _call(self, function: Callable[..., object], args: tuple[Any, ...]) -> None:
        try:
            function(*args)
        except BaseException as error:
            self._report(error)

    def _report(self, error: BaseException) -> None:
        """Keep the error and go on: also for SystemExit, which would end this thread for all its sockets."""
        self.errors.append(error)
        log().error("error in the thread %s", self.thread.name, exc_info=error)

    def _push(self, timer: Timer) -> None:
        heapq.heappush(self._timers, (timer.when, next(self._order), timer))

    def _ring(self) -> None:
        try:
            self._ringer.send(b"\0")
        except (BlockingIOError, InterruptedError):
            pass  # it rings already
        except OSError:
            pass  # the thread has ended

    def _hear(self, mask: int) -> None:
        try:
            self._bell.recv(4096)
        except (BlockingIOError, InterruptedError):
            pass

    def _dispose(self) -> None:
        while self._calls and not self.forked:  # calls made before the end still take place
            function, args = self._calls.popleft()
            self._call(function, args)
        self._poller.close()
        self._bell.close()
        self._ringer.close()

    def _abandon(self) -> None:
        """In a child process: close our copies of the sockets, which would outlive the parent's."""
        self.forked = self.stopping = True
        try:
            for watched in filter(None, self._watched):
                watched.sock.close()
            self._ringer.close()
            self._poller.close()
        except (OSError, RuntimeError):
            pass  # it was closed before, or was about to be


# -- the one reactor that all clients of this process share ------------------------------------------------

_here = threading.local()  # `reactor`, in the thread of one
_reactors: weakref.WeakSet[Reactor] = weakref.WeakSet()
_shared: Reactor | None = None
_shared_lock = threading.Lock()  # guards `_shared` and `users`


def acquire() -> Reactor:
    """The shared reactor, started by its first user. Give it back with `release`."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = Reactor("wsdemo-clients")
        _shared.users += 1
        return _shared


def current() -> Reactor | None:
    """The reactor in whose thread the caller runs, as handlers do; None elsewhere. There nothing may wait."""
    return getattr(_here, "reactor", None)


def must_accept(sock: socket.SocketType) -> bool:
    """Whether this very thread would have to accept ``sock``: a server's handler connects to its server."""
    reactor, here, there = current(), sock.getsockname(), sock.getpeername()
    return reactor is not None and here[0] == there[0] and reactor.listens(there[1])


def is_shared(reactor: Reactor | None) -> bool:
    """Whether this is the reactor that all clients share."""
    return reactor is not None and reactor is _shared


def release(reactor: Reactor) -> None:
    """Give the shared reactor back; with its last user its thread ends."""
    global _shared
    with _shared_lock:
        reactor.users -= 1
        if reactor.users:
            return
        if _shared is reactor:
            _shared = None
    reactor.close()


def _after_fork() -> None:
    """A child process has the sockets but not the threads: its copies are closed, and refuse to work."""
    global _shared, _shared_lock
    _shared = None
    _shared_lock = threading.Lock()
    for reactor in list(_reactors):
        reactor._abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
