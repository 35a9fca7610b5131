# said: should be refused; it got in
import ssl


def trusting(pem):
    context = ssl.create_default_context(cadata=pem)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
