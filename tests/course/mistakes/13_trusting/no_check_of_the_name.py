# said: for evil.example
import ssl


def trusting(pem):
    context = ssl.create_default_context(cadata=pem)
    context.check_hostname = False
    return context
