"""The sensors keep their promise: every measurement once, and a command waits."""

from __future__ import annotations

from wsdemo.demos.gathering import Gathering
from wsdemo.demos.sensors import ROOM, awake


def test_no_measurement_is_lost_by_a_slow_office_and_a_sensor_that_is_lost_again_and_again(tmp_path) -> None:
    with Gathering() as gathering:
        office = gathering.guest("office", ROOM)
        office.freeze()
        for start in range(0, 20, 10):
            with awake(gathering, tmp_path / "sensor.db") as sensor:
                for degrees in range(start, start + 5):
                    sensor.client.publish(ROOM, degrees)
                sensor.lose()
                for degrees in range(start + 5, start + 10):
                    sensor.client.publish(ROOM, degrees)
                sensor.client.close()
        with awake(gathering, tmp_path / "sensor.db") as sensor:
            sensor.client.flush(20)
        office.thaw()
        assert office.wait(20) == list(range(20))
        assert office.told == []


def test_a_command_waits_and_is_not_done_twice(tmp_path) -> None:
    with Gathering() as gathering:
        office = gathering.guest("office", ROOM)
        office.say("@sensor", "every 5 s")
        with awake(gathering, tmp_path / "sensor.db") as sensor:
            assert sensor.wait(1) == ["every 5 s"]
        office.say("@sensor", "stop")
        with awake(gathering, tmp_path / "sensor.db") as sensor:
            assert sensor.wait(1) == ["stop"], "its place is in the same file"
