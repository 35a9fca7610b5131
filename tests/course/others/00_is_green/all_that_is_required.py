def is_green(report):
    return all(finding.ok or not finding.required for finding in report.findings)
