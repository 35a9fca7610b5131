# said: should be
def is_green(report):
    return bool(report.problems)
