"""The numbered log on disk: SQLite, one thread, and one ``fsync`` for all posts that came meanwhile.

::

    any thread ── append(post) ──► queue ──► BEGIN · post, post, post … · COMMIT ──► done([outcome, …])
                  read(channel) ──►      ──► SELECT, behind the posts before it  ──► then(page)

While one transaction is being synced the next posts gather, so under load more posts share one ``fsync``
(*group commit*). With ``synchronous=FULL`` a post that ``done`` calls stored is on the disk: neither the end
of the process nor a power cut loses it, as long as the disk keeps what it has confirmed.

``done`` and ``then`` are called through ``call``, such as a server's ``call_soon``; an exception in them is
kept in ``errors`` and ends nothing. One process has the file: a second one is refused. Read `logfile` first:
it knows tables, and this module knows the thread.
"""

from __future__ import annotations

import collections
import logging
import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from wsdemo.patterns.entries import KEEP, REMEMBER, Done, Keep, Outcome, Page, Post
from wsdemo.patterns.logfile import LogFile, connected, renew

__all__ = ["SqliteLog", "renew"]

#: The most posts in one transaction.
BATCH: Final = 512
#: Seconds from one search of all channels for entries that are too old to the next.
SWEEP: Final = 60.0

#: A post, or a function to call with the file, after all jobs before it.
Job = Post | Callable[[LogFile], None]
log = logging.getLogger("wsdemo")


class SqliteLog:
    """A `entries.Log` in the file ``path``. Close it, or use it in a ``with``.

    ``path``: the file.
    ``done``: called with the outcomes of a transaction's posts, once it is on the disk.
    ``call``: calls a function with its arguments, in the thread where you want ``done`` and ``then``.
    ``keep``: a function of (channel) that gives the bounds on its entries.
    ``remember``: seconds for which a device is known after its last post.
    ``waiting``: jobs that may wait; beyond it `append` and `read` return False.
    ``clock``: seconds since 1970.
    ``connect``: a function of (path) that opens the database.
    ``synchronous``: SQLite's setting; "FULL" survives a power cut, "NORMAL" the end of the process.
    ``measured``: called in the log's thread with the seconds and the posts of each transaction.

    Raises OSError where another process has the file, ValueError where it is no log of this version, or no
    file at all.
    """

    durable = True

    def __init__(
        self,
        path: str | Path,
        done: Done,
        *,
        call: Callable[..., object] = lambda function, *args: function(*args),
        keep: Callable[[str], Keep] = lambda channel: KEEP,
        remember: float = REMEMBER,
        waiting: int = 20_000,
        clock: Callable[[], float] = time.time,
        connect: Callable[[str], Any] = connected,
        synchronous: str = "FULL",
        measured: Callable[[float, int], object] = lambda seconds, posts: None,
    ) -> None:
        if str(path) in ("", ":memory:"):  # which are no files to SQLite, and end with the process
            raise ValueError(f"the path {str(path)!r}, expected that of a file; `MemoryLog` is one in memory")
        if synchronous not in ("OFF", "NORMAL", "FULL", "EXTRA"):  # SQLite takes any word, for "FULL" or not
            raise ValueError(f"synchronous: got {synchronous!r}, expected OFF, NORMAL, FULL or EXTRA")
        self.epoch = ""
        self.failing = ""  #: the reason why the last transaction failed; "" where it did not
        self.errors: collections.deque[BaseException] = collections.deque(maxlen=100)
        self._path, self._done, self._call = str(path), done, call
        self._waiting, self._measured = waiting, measured
        options: dict[str, Any] = {"connect": connect, "synchronous": synchronous}
        self._open = partial(LogFile, str(path), keep=keep, remember=remember, clock=clock, **options)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._closed = False
        self._lock = threading.Lock()  # no job is queued behind the end, where it would never be done
        self._started: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="wsdemo-log", daemon=True)
        self._thread.start()
        if (error := self._started.get()) is not None:
            self._thread.join()
            raise error

    def __enter__(self) -> SqliteLog:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    # -- from any thread ----------------------------------------------------------------------------------

    def append(self, post: Post) -> bool:
        """See `entries.Log`."""
        return self._ask(post)

    def read(self, channel: str, after: int, size: int, then: Callable[[Page | None], object]) -> bool:
        """See `entries.Log`."""
        return self._ask(lambda file: self._answer(then, file.page, channel, after, size))

    def last(self, device: str, then: Callable[[int | None], object]) -> bool:
        """See `entries.Log`."""
        return self._ask(lambda file: self._answer(then, file.last, device))

    def close(self) -> None:
        """Store the posts that are waiting, and end. Later jobs are not taken."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _ask(self, job: Job) -> bool:
        with self._lock:
            if self._closed or self._jobs.qsize() >= self._waiting:
                return False
            self._jobs.put(job)
            return True

    # -- the thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            file = self._open()
        except BaseException as error:
            self._started.put(error)
            return
        self.epoch = file.epoch
        self._started.put(None)
        swept, jobs = -SWEEP, []
        while None not in jobs:
            jobs = self._next_jobs()
            posts = [job for job in jobs if isinstance(job, Post)]
            if posts:
                self._tell(self._done, self._store(file, posts))
            for job in jobs:
                if callable(job):
                    job(file)
            if time.monotonic() - swept > SWEEP:
                swept = time.monotonic()
                self._sweep(file)
        file.close()

    def _next_jobs(self) -> list[Job | None]:
        """All jobs that are waiting, up to a batch; waits for the first."""
        jobs = []
        try:
            jobs.append(self._jobs.get(timeout=SWEEP))
            while len(jobs) < BATCH and jobs[-1] is not None:
                jobs.append(self._jobs.get_nowait())
        except queue.Empty:
            pass
        return jobs

    def _store(self, file: LogFile, posts: list[Post]) -> list[Outcome]:
        begun = time.perf_counter()
        try:
            outcomes = file.store(posts)
        except Exception as error:  # the disk is full, or broken: these posts may be sent again later
            self._failed(error)
            return [Outcome(post, "failed", reason=self.failing) for post in posts]
        self.failing = ""
        try:
            self._measured(time.perf_counter() - begun, len(posts))
        except Exception as error:
            self._wrong(error)
        return outcomes

    def _sweep(self, file: LogFile) -> None:
        try:
            file.sweep()
            self.failing = ""
        except Exception as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self.failing = f"{type(error).__name__}: {error}"
        self.errors.append(error)
        log.error("the message log %s: %s", self._path, self.failing)

    def _answer(self, then: Callable[[Any], object], ask: Callable[..., Any], *args: Any) -> None:
        try:
            found = ask(*args)
        except Exception as error:
            self.errors.append(error)
            log.error("the message log %s cannot be read: %s", self._path, error)
            found = None
        self._tell(then, found)

    def _tell(self, function: Callable[[Any], object], value: object) -> None:
        """Call a function of the user, whose errors end nothing here."""
        try:
            self._call(function, value)
        except BaseException as error:
            self._wrong(error)

    def _wrong(self, error: BaseException) -> None:
        self.errors.append(error)
        log.error("an error in what the message log calls", exc_info=error)
