# said: should be
def expected_delay(way, interval, round_trip):
    return interval / 2 + round_trip if way == "short polling" else round_trip / 2
