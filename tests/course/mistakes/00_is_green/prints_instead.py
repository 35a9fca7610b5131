# said: should be
def is_green(report):
    print(report)
