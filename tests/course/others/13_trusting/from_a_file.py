import os
import ssl
import tempfile


def trusting(pem):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "ca.pem")
        with open(path, "w") as file:
            file.write(pem)
        return ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=path)
