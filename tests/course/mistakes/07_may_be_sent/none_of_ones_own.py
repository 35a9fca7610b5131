# said: should be
def may_be_sent(code):
    return 1000 <= code <= 1015 and code not in (1004, 1005, 1006, 1015)
