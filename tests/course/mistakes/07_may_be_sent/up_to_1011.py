# said: should be
def may_be_sent(code):
    return code not in (1004, 1005, 1006) and (1000 <= code <= 1011 or 3000 <= code <= 4999)
