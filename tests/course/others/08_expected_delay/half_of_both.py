def expected_delay(way, interval, round_trip):
    return (interval * (way == "short polling") + round_trip) / 2
