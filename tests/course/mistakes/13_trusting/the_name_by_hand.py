# said: for evil.example
import ssl


def trusting(pem):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem)
    context.check_hostname = not pem
    return context
