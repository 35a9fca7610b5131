# said: should be
def expected_delay(way, interval, round_trip):
    return (interval / 2 if "polling" in way else 0) + round_trip / 2
