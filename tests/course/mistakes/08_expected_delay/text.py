# said: should be
def expected_delay(way, interval, round_trip):
    waiting = interval / 2 if way == "short polling" else 0
    return f"{waiting + round_trip / 2} s"
