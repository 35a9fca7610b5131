# said: should be False
def is_green(report):
    return report.problems
