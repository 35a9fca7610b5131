"""Patterns that applications on WebSockets need, each a module that can be read alone.

::

    backoff    delays between attempts to reconnect      rate       a bound on requests
    log        a numbered log, in memory                 presence   the users in a channel
    sqlitelog  the same on disk: nothing confirmed is lost
    rooms      channels on a server, made of these:
    messages   the protocol wsdemo.chat.v1, as one table
    session    a client of the server, its numbers       door       who comes in, and when they must go
    following  a reader's way through the log            members    the members of a channel, presence
    channels   join, leave, catch up, volatile           publishing into the log, and the confirmation
    figures    messages by type, counted
    reconnect  a client that comes back and loses nothing, made of these:
    outbox     messages without confirmation, offsets    window     go-back-N: which number is sent next
    reading    each message once in the application      device     the client's protocol, without a wire
    broker     news between servers, at most once        natsserver a NATS of our own, a process
    nats       the same over a NATS                      stream     all messages of one, in one order
    jetstream  the log that several servers share        nodes      rooms that are the same on several
    accounts   users and passwords, in a thread          tokens     signed statements of who a user is
    tickets    a value in a URL, once                    sealed     messages that the server can't read

They use only the public names of the package, and `import wsdemo` loads none of them.
"""
