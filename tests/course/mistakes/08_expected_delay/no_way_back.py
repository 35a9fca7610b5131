# said: should be
def expected_delay(way, interval, round_trip):
    return interval / 2 if way == "short polling" else 0
