# said: should be
def may_be_sent(code):
    return 1000 <= code <= 4999
