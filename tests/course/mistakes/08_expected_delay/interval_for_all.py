# said: should be
def expected_delay(way, interval, round_trip):
    return interval / 2
