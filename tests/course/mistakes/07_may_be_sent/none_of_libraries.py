# said: should be
def may_be_sent(code):
    if code in (1004, 1005, 1006, 1015):
        return False
    return 1000 <= code <= 1015 or 4000 <= code <= 4999
