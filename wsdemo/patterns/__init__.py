"""Patterns that applications on WebSockets need, each a module that can be read alone.

::

    backoff    when to come back                         rate       how much one may ask for
    log        a numbered log, in memory                 presence   who is here
    sqlitelog  the same on disk: nothing confirmed is lost

They use only the public names of the package, and `import wsdemo` loads none of them.
"""
