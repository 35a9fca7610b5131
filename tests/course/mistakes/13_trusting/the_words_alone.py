# said: should be an ssl.SSLContext
def trusting(pem):
    return pem
