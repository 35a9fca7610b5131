ALLOWED = {1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)}


def may_be_sent(code):
    return code in ALLOWED
