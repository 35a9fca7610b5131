# said: should be True
def is_green(report):
    return all(finding.ok for finding in report.findings)
