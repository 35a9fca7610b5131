def may_be_sent(code):
    return code in range(1000, 1004) or code in range(1007, 1015) or code in range(3000, 5000)
