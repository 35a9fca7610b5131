def is_green(report):
    return not report.problems
