# said: should be
def expected_delay(way, interval, round_trip):
    waiting = {"short polling": interval / 2, "long polling": round_trip}.get(way, 0)
    return waiting + round_trip / 2
