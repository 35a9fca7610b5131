# said: should be
def accept_key(key):
    return "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
