def catch_up(log, after, size):
    if not log:
        return 0, []
    first = log[0][0]
    missed = first - after - 1 if first > after + 1 else 0
    start = max(0, after + 1 - first)
    end = start
    total = 0
    while end < len(log):
        total += len(log[end][1].encode("utf-8"))
        if total > size and end > start:
            break
        end += 1
    return missed, log[start:end]
