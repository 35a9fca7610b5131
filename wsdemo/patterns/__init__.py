"""Patterns that applications on WebSockets need, each a module that can be read alone.

::

    backoff    delays between attempts to reconnect      rate       a bound on requests
    log        a numbered log, in memory                 presence   the users in a channel
    sqlitelog  the same on disk: nothing confirmed is lost
    messages   the protocol wsdemo.chat.v1, as one table

They use only the public names of the package, and `import wsdemo` loads none of them.
"""
