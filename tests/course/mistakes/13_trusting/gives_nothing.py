# said: should be an ssl.SSLContext
import ssl


def trusting(pem):
    ssl.create_default_context(cadata=pem)
