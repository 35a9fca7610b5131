def interval(timeouts, late):
    shortest = min([seconds for seconds in timeouts if seconds is not None], default=0)
    if not shortest:
        return None
    number = int(shortest)
    while 2 * number + late >= shortest:
        number -= 1
    if number < 1:
        raise ValueError(f"{timeouts}: no interval is short enough")
    return number
