# said: for the report of this machine
def is_green(report):
    return report.ok and len(report.findings) <= 2
