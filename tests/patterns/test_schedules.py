"""Rooms, log and devices together, over random schedules of all that can go wrong: nothing is lost silently.

Everything is real but the wires, the clock and the threads: a schedule says which text arrives next, when the
log stores, and who is killed. At the end all goes well again, and then each message that was published is
stored once, or its loss or doubling was told; each reader has read all that it was not told to be missing, in
order; and one more message arrives everywhere.
"""

from __future__ import annotations

import collections
import copy
import itertools
import json
import os
import queue
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.waiting import DEADLINE
from wsdemo import ConnectionClosed, ProtocolError
from wsdemo.patterns.backoff import come_back
from wsdemo.patterns.device import Device
from wsdemo.patterns.log import Keep, MemoryLog, Outcome, Post
from wsdemo.patterns.messages import BadMessage
from wsdemo.patterns.outbox import Outbox, _begin
from wsdemo.patterns.reading import Reading
from wsdemo.patterns.rooms import Rooms
from wsdemo.patterns.session import Identity, RoomLimits
from wsdemo.patterns.sqlitelog import SqliteLog

#: Random schedules of one run; 10,000 for a long one, by a seed of its own.
RUNS, SEED = int(os.environ.get("WSDEMO_SCHEDULES", "200")), int(os.environ.get("WSDEMO_SEED", "1"))
CHANNELS = ("#a", "#b")
LIMITS = RoomLimits(size=200, publishes=(20.0, 40.0), requests=(1e6, 1e6), page=200, per_user=1000)
HIGH_WATER = 400


def keep(channel):
    return Keep(count=12)


class Wire:
    """A connection as the server sees it: texts wait until the schedule lets them arrive."""

    def __init__(self, number):
        self.id, self.user, self.pending, self.code = number, None, 0, None
        self.to_client, self.to_server = collections.deque(), collections.deque()

    def send(self, text):
        if self.code is not None:
            raise ConnectionClosed(self.code, "closed")
        self.pending += len(text)
        self.to_client.append(text)

    def close(self, code, reason):
        if self.code is None:
            self.code = code
            self.to_client.append((code, reason))

    def report(self, error):
        assert isinstance(error, OSError), error  # the one that a schedule has asked for


class LateLog:
    """A log whose jobs and answers wait for the schedule, and end with the server."""

    durable = True

    def __init__(self, inner, world):
        self.inner, self.world, self.epoch = inner, world, inner.epoch
        self.jobs, self.answers = collections.deque(), collections.deque()
        self.busy, self.full = 0, False  # posts that are not taken; the disk is full

    def append(self, post):
        if self.busy:
            self.busy -= 1
            return False
        self.jobs.append(post)
        return True

    def read(self, channel, after, size, then):
        self.jobs.append(lambda: self.inner.read(channel, after, size, self._later(then)))
        return True

    def last(self, device, then):
        self.jobs.append(lambda: self.inner.last(device, self._later(then)))
        return True

    def _later(self, then):
        return lambda found: self.answers.append(lambda: then(found))

    def work(self, count):
        """Do some jobs, in their order: the posts among them in one batch."""
        batch = []
        for _ in range(min(count, len(self.jobs))):
            job = self.jobs.popleft()
            if not isinstance(job, Post):
                job()
            elif self.full:
                batch.append(Outcome(job, "failed", reason="the disk is full"))
            else:
                batch += self.world.store(job)
        if batch:
            self.answers.append(lambda: self.world.rooms.stored(batch))


def opened(outbox):
    """A copy of its file, as a program finds it that starts."""
    copy = Outbox()
    outbox._db.backup(copy._db)
    _begin(copy._db, new=False)
    copy._load()
    return copy


class Phone:
    """A client: the device and the outbox are real, its loop as in `reconnect`."""

    def __init__(self, world, user, outbox, last=()):
        self.world, self.user, self.outbox, self.wire, self.forgotten = world, user, outbox, None, ""
        self.name = f"{user}{next(world.names)}"
        self.last = dict(last)  # by channel: the offset up to which all is accounted for; None: not known
        self.trouble = 0  # times that the application fails
        self.start()

    def start(self):
        """The program starts: all that is not in the outbox is new."""
        reading = Reading(self.outbox, self.on_message, self.on_event, lambda seconds: True)
        changed = threading.Condition()
        self.device = Device(
            self.outbox, reading, self.on_event, lambda: self.user, changed, self.world.clock
        )
        for channel in CHANNELS:
            self.device.join(channel, {"after": 0})

    def connect(self):
        if self.forgotten and self.outbox and not self.outbox.finished:
            self.on_event({"type": "doubled", "count": len(self.outbox)})
        if self.forgotten or self.outbox.finished:
            self.outbox.renew()
        self.forgotten = ""
        hello = self.device.begin()
        self.wire = self.world.open()
        self.wire.to_server.append(hello)

    def speak(self):
        while (job := self.device.next_job()) is not None:
            if text := self.device.text(job):
                self.wire.to_server.append(text)
            elif self.outbox.finished:
                self.end(1006, "")

    def hear(self, count):
        """Let texts arrive; the client's answer may be that the connection ends."""
        for _ in range(count):
            if self.wire is None or not self.wire.to_client:
                return
            text = self.wire.to_client.popleft()
            if isinstance(text, tuple):
                self.end(*text)
                return
            self.wire.pending -= len(text)
            if not self.wire.pending and self.wire.code is None:
                self.world.rooms.on_drain(self.wire)
            try:
                self.device.receive(text)
            except ConnectionClosed as closed:
                self.end(closed.code, closed.reason)
            except (ProtocolError, BadMessage) as error:
                self.end(1011, str(error))
            if self.outbox.finished:
                self.end(1006, "")

    def end(self, code, reason):
        """The connection is over."""
        if self.wire is None:
            return
        wire, self.wire = self.wire, None
        self.device.end()
        wire.code = wire.code or code
        self.world.rooms.on_close(wire)
        code = self.device.bye.get("code", code) if code in (1005, 1006) else code
        answer = come_back(code)
        assert answer in ("yes", "slowly", "as a new device"), f"{code} {reason}"
        if answer == "as a new device":
            self.forgotten = reason

    # -- the application ----------------------------------------------------------------------------------

    def on_message(self, message):
        if self.trouble:
            self.trouble -= 1
            raise OSError("the application fails")
        self.passed(message)

    def passed(self, message):
        """A message of a channel: the next one after those that are accounted for."""
        channel, offset = message["channel"], message["offset"]
        last = self.last.get(channel, 0)
        assert last is None or offset == last + 1, f"{self.user} in {channel}: {offset} after {last}"
        assert message["body"] == self.world.entries[channel, offset]
        self.last[channel] = offset

    def on_event(self, event):
        match event["type"]:
            case "parked":
                self.passed(event["message"])
            case "incomplete":
                self.last[event["channel"]] = None
            case "gap":
                last = self.last.get(event["channel"], 0)
                assert event["why"] == "expired" and (last is None or event["from"] == last + 1), event
                self.last[event["channel"]] = event["to"]
            case "dropped":
                self.world.dropped.add(json.loads(event["message"]["body"]))
            case "doubled":
                assert self.world.upset, "told to be doubled for no reason"
                self.world.doubled.update(self.waiting())
            case "refused" | "ended" | "away":
                raise AssertionError(event)

    def waiting(self):
        """The bodies in the outbox."""
        numbers = range(self.outbox.first, self.outbox.last + 1)
        return [json.loads(self.outbox.get(number).body) for number in numbers]


class World:
    """A server, its log, and its clients. Each method without an underscore below is a step of a schedule."""

    def __init__(self, make_log):
        self.now, self.make_log, self.wires = 1000.0, make_log, 0
        self.published, self.names = [], itertools.count()  # all bodies; the names of phones
        self.stored = [[]]  # channels and bodies in their order, of each log that there was
        self.entries, self.twice = {}, set()  # by channel and offset; the bodies that the log was given twice
        self.dropped, self.doubled, self.abandoned = set(), set(), set()  # as the clients were told
        self.upset = False  # the log has lost devices, or a device is there twice
        self.poison = 0
        self.inner, self.backup = None, None
        self.phones = []
        self.replace_log()
        self.upset = False
        self.phones = [Phone(self, user, Outbox()) for user in ("ann", "bob")]

    def clock(self):
        return self.now

    def begin(self):
        """A server starts; the clients of the one before have lost it."""
        self.stored.append([])
        for phone in self.phones:
            phone.end(1006, "")
        identify = lambda ws, token: Identity(token)  # noqa: E731
        may = lambda user, action, channel: channel != "#secret"  # noqa: E731
        self.rooms = Rooms(may, identify, LIMITS, clock=self.clock, wall=self.clock)
        self.log = LateLog(self.inner, self)
        limits = SimpleNamespace(high_water=HIGH_WATER)
        server = SimpleNamespace(limits=limits, broadcast=self.broadcast, every=lambda *args: None)
        self.rooms.begin(server, self.log)

    def broadcast(self, text, to):
        for number, ws in enumerate(to):
            if self.poison and number == len(to) // 2:
                self.poison -= 1
                raise OSError("it could not be sent to all")
            if ws.code is None:
                ws.send(text)

    def open(self):
        self.wires += 1
        wire = Wire(self.wires)
        self.rooms.on_open(wire)
        return wire

    def store(self, post):
        outcomes = self.inner.store(post)
        for outcome in outcomes:
            if outcome.status == "stored":
                body = json.loads(post.body)
                self.stored[-1].append((post.channel, body))
                self.twice |= {body} & set(self.entries.values())
                self.entries[post.channel, outcome.entry.offset] = body
        return outcomes

    def close(self):
        if self.inner is not None:
            self.inner.close()

    # -- steps: the usual ---------------------------------------------------------------------------------

    def publish(self, phone, channel="", more=""):
        body = f"{phone.name}{more} {len(self.published)}"
        self.published.append(body)
        phone.outbox.add(channel or CHANNELS[len(self.published) % 2], json.dumps(body))

    def speak(self, phone):
        if phone.wire is None:
            phone.connect()
        phone.speak()

    def arrive(self, phone):
        """Some texts of a client arrive at the server."""
        for _ in range(5):
            if phone.wire is not None and phone.wire.to_server:
                self.rooms.on_message(phone.wire, phone.wire.to_server.popleft())
                assert phone.wire.pending < 20_000

    def hear(self, phone):
        phone.hear(5)

    def work(self, phone):
        self.log.work(4)

    def answer(self, phone):
        for _ in range(3):
            if self.log.answers:
                self.log.answers.popleft()()

    def tick(self, phone):
        self.now += 0.7
        self.rooms.tick()

    def flow(self, phone):
        """All of that for one client, while the others stand still."""
        for step in (self.speak, self.arrive, self.work, self.answer, self.hear):
            step(phone)

    # -- steps: what goes wrong ---------------------------------------------------------------------------

    def cut(self, phone):
        phone.end(1006, "")

    def kill_client(self, phone):
        phone.end(1006, "")
        phone.outbox = opened(phone.outbox)
        phone.start()

    def kill_server(self, phone):
        self.inner.restart()
        self.begin()

    def busy(self, phone):
        self.log.busy = 1

    def full(self, phone):
        self.log.full = not self.log.full

    def refused(self, phone):
        self.publish(phone, "#secret")

    def too_large(self, phone):
        self.publish(phone, "#a", "x" * 300)

    def fails_to_show(self, phone):
        self.poison = 1

    def application_fails(self, phone):
        phone.trouble = 3 if phone.trouble == 0 else 1

    def burst(self, phone):
        """More than is kept: who reads nothing meanwhile is overtaken."""
        for _ in range(10):
            self.publish(phone)

    def forgets_a_device(self, phone):
        """What is on its way then may be stored twice: the promise ends with the memory of the device."""
        self.upset = True
        for one in self.phones:
            if one.outbox.device == phone.outbox.device:
                self.doubled.update(one.waiting())
        self.inner.forget(f"{phone.user}\n{phone.outbox.device}")

    def replace_log(self, phone=None):
        """A new and empty log."""
        self.upset = True
        self.close()
        self.inner, self.backup = self.make_log(), None
        self.entries = {}
        self.begin()

    def save(self, phone):
        self.backup = self.inner.save(), self.entries.copy()

    def restore(self, phone, renamed=True):
        """An older copy takes the place of the log, by another epoch, as it should; or by the same one."""
        if self.backup is None or self.backup[0] is None:
            return
        self.upset = True
        self.inner.load(self.backup[0], renamed)
        self.entries = self.backup[1].copy()
        for one in self.phones:
            for channel in CHANNELS:
                last = one.last.get(channel, 0)
                if last is not None and last > self.inner.top(channel):
                    one.last[channel] = None  # told, if it comes back before the log has grown so far again
        self.begin()

    def restore_under_its_name(self, phone):
        self.restore(phone, renamed=False)

    def loses_its_outbox(self, phone):
        phone.end(1006, "")
        self.abandoned.update(phone.waiting())
        self.phones[self.phones.index(phone)] = Phone(self, phone.user, Outbox())

    def is_duplicated(self, phone):
        """A copy of the outbox is used too, at the same time or in turns."""
        if len(self.phones) == 4:
            return
        self.upset = True
        self.doubled.update(phone.waiting())  # both have them, and one id may be there twice at a time
        self.phones.append(Phone(self, phone.user, opened(phone.outbox), phone.last))

    # -- the end ------------------------------------------------------------------------------------------

    def settle(self):
        """All goes well again, until nothing moves."""
        self.log.busy, self.log.full, self.poison = 0, False, 0
        for _ in range(400):
            for phone in self.phones:
                phone.trouble = 0
                self.flow(phone)
            self.tick(None)
            if self.quiet():
                return
        raise AssertionError(f"it never ends: {[phone.waiting() for phone in self.phones]}")

    def quiet(self):
        return not (self.log.jobs or self.log.answers) and all(
            phone.wire is not None
            and not (phone.wire.to_client or phone.wire.to_server or phone.outbox)
            and all((phone.last.get(channel) or 0) == self.inner.top(channel) for channel in CHANNELS)
            for phone in self.phones
        )

    def check(self):
        """Nothing lost silently, nothing doubled, the order kept; and one more message arrives everywhere."""
        self.settle()
        for phone in self.phones:
            self.publish(phone)
        self.settle()
        stored = {body for log in self.stored for _, body in log}
        lost = set(self.published) - stored - self.dropped - self.abandoned
        assert not lost, f"lost silently: {lost}"
        assert self.twice <= self.doubled, f"doubled silently: {self.twice - self.doubled}"
        orders = collections.defaultdict(list)
        for number, log in enumerate(self.stored):
            for channel, body in log:
                if body not in self.doubled:
                    name, place = body.split()
                    orders[number, channel, name].append(int(place))
        for place, numbers in orders.items():
            assert numbers == sorted(numbers), f"{place} out of order: {numbers}"


class Memory:
    """A log in memory, which survives its server, and of which copies can be kept."""

    def __init__(self):
        self.found = []
        self.log = MemoryLog(self.found.extend, keep=keep)
        self.read, self.last = self.log.read, self.log.last

    @property
    def epoch(self):
        return self.log.epoch

    def store(self, post):
        self.found.clear()
        self.log.append(post)
        return list(self.found)

    def restart(self):
        pass

    def close(self):
        pass

    def forget(self, device):
        self.log._devices.pop(device, None)

    def top(self, channel):
        return self.log._tops.get(channel, 0)

    def save(self):
        return copy.deepcopy((self.log._channels, self.log._tops, self.log._devices))

    def load(self, saved, renamed):
        self.log._channels, self.log._tops, self.log._devices = copy.deepcopy(saved)
        self.log.epoch += "'" * renamed


class OnDisk:
    """A log in a file, used one job after the other."""

    def __init__(self, path):
        self.path, self.found = path, []
        self._open()

    def _open(self):
        self.log = SqliteLog(self.path, self.found.extend, keep=keep)
        self.epoch = self.log.epoch

    def store(self, post):
        self.found.clear()
        assert self.log.append(post)
        self._ask(self.log.last, "")
        return list(self.found)

    def read(self, channel, after, size, then):
        then(self._ask(self.log.read, channel, after, size))

    def last(self, device, then):
        then(self._ask(self.log.last, device))

    def _ask(self, function, *args):
        answer = queue.SimpleQueue()
        assert function(*args, answer.put)
        return answer.get(timeout=DEADLINE)

    def restart(self):
        self.close()
        self._open()

    def close(self):
        self.log.close()

    def forget(self, device):
        assert self.log._ask(lambda file: file._db.execute("DELETE FROM device WHERE id = ?", (device,)))

    def top(self, channel):
        return self._ask(self.log.read, channel, 0, 0).top

    def save(self):
        return None


#: The steps of a schedule, the usual ones more often.
STEPS = (
    *("publish", "speak", "arrive", "hear", "work", "answer") * 6,
    *("flow", "flow", "flow", "tick", "burst") * 3,
    *("cut", "kill_client", "kill_server", "busy", "full", "refused", "too_large", "fails_to_show"),
    *("application_fails", "forgets_a_device", "replace_log", "save", "restore", "restore_under_its_name"),
    *("loses_its_outbox", "is_duplicated"),
)
STEP = st.tuples(st.sampled_from(STEPS), st.integers(0, 3))
SCHEDULES = st.integers(0, 120).flatmap(lambda length: st.lists(STEP, min_size=length, max_size=length))


def run(steps, make_log):
    world = World(make_log)
    try:
        for step, number in steps:
            getattr(world, step)(world.phones[number % len(world.phones)])
        world.check()
    finally:
        world.close()


def schedules(runs, number):
    usual = settings(max_examples=runs, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    return lambda test: seed(number)(usual(given(SCHEDULES)(test)))


@schedules(RUNS, SEED)
def test_nothing_is_lost_silently(steps):
    run(steps, Memory)


@schedules(max(1, RUNS // 10), SEED + 1)
def test_nor_on_disk(steps):
    with tempfile.TemporaryDirectory() as folder:
        names = itertools.count()
        run(steps, lambda: OnDisk(Path(folder, f"{next(names)}.db")))
