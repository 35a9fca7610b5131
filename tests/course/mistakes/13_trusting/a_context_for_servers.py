# said: Cannot create a client socket with a PROTOCOL_TLS_SERVER context
import ssl


def trusting(pem):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_verify_locations(cadata=pem)
    return context
