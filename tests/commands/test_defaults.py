"""The numbers that hold where nothing is said: see `tests.defaults`."""

from tests import defaults


def test_the_numbers_are_those_approved() -> None:
    assert defaults.changed("commands") == []
