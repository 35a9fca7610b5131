# said: should raise ValueError
def payload_length(header):
    return int(header)
