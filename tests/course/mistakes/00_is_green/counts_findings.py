# said: should be
def is_green(report):
    return len(report.findings) > 1
