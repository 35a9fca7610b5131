"""Sensors with commands: measurements from a durable outbox, commands to a device's mailbox.

::

    sensor ── 17.1, 17.4 … in a file ──► #greenhouse, a log ──► the office
    office ── "every 5 s" ──► @sensor, a log ──► the sensor, when it is awake

The promise: a sensor that loses its network, or its process, loses no measurement and doubles none; a command
waits for it.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from wsdemo.demos.gathering import Gathering, Guest
from wsdemo.patterns.outbox import Outbox

ROOM = "#greenhouse"


@contextlib.contextmanager
def awake(gathering: Gathering, file: Path) -> Iterator[Guest]:
    """A sensor as long as its process lives; what it has not delivered stays in the file."""
    with Outbox(file) as outbox:
        sensor = gathering.guest("sensor", "@sensor", outbox=outbox)
        yield sensor
        sensor.close()


def play() -> Iterator[str]:
    """The sensor loses its network, then its process; the office sends a command meanwhile."""
    with Gathering() as gathering, tempfile.TemporaryDirectory() as folder:
        office, file = gathering.guest("office", ROOM), Path(folder) / "sensor.db"
        with awake(gathering, file) as sensor:
            sensor.say(ROOM, 17.1)
            sensor.lose()
            for degrees in (17.4, 17.8):
                sensor.client.publish(ROOM, degrees)
            yield f"the office has {office.wait(1)}; two more are in the sensor's file, and its process ends"
            sensor.client.close()
        office.say("@sensor", "every 5 s")
        with awake(gathering, file) as sensor:
            yield f"it starts again, and finds its command: {sensor.wait(1)}"
            sensor.say(ROOM, 18.0)
            yield f"the office has {office.wait(4)}"
