# said: should be
def expected_delay(way, interval, round_trip):
    return (interval if way == "short polling" else 0) + round_trip / 2
