# said: it should get in; got CERTIFICATE_VERIFY_FAILED
import ssl


def trusting(pem):
    return ssl.create_default_context()
