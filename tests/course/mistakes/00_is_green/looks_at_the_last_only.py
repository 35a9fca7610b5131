# said: should be True
def is_green(report):
    return report.findings[-1].ok
