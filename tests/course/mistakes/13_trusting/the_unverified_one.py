# said: should be refused; it got in
import ssl


def trusting(pem):
    return ssl._create_unverified_context()
