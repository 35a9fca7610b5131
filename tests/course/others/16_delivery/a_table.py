def delivery(lost, replaced, twice):
    return {
        (True, False, False): "published",
        (True, False, True): "published with a key",
        (True, True, True): "published with a key",
    }.get((lost, replaced, twice), "volatile")
