from fractions import Fraction


def expected_delay(way, interval, round_trip):
    delay = Fraction(round_trip) / 2
    if way.startswith("short"):
        delay += Fraction(interval) / 2
    return delay
