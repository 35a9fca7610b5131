# said: should be an ssl.SSLContext
import ssl


def trusting(pem):
    return ssl.create_default_context
