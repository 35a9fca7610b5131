"""Patterns that applications on WebSockets need, each a module that can be read alone. A way through them:

::

    backoff     delays between attempts to reconnect     rate        a bound on requests

    A log       posts in one order, read from where a reader stopped
    entries     its words, and the methods of each       log         the smallest one, in memory
    sqlitefile  a file that no power cut spoils          logfile     the tables of a log in one
    sqlitelog   on disk: nothing confirmed is lost

    A server    channels of a log
    messages    the protocol wsdemo.chat.v1, as a table  session     a client of the server, its numbers
    following   a reader's way through the log           presence    the users in a channel
    members     the members of a channel                 channels    join, leave, catch up, volatile
    publishing  into the log, and the confirmation       door        who comes in, and when they must go
    figures     messages by type, counted                dispatch    each message to the part it is for
    rooms       all of these on a server

    A client    that comes back and loses nothing
    outbox      messages without confirmation, offsets   window      go-back-N: which number is sent next
    reading     each message once in the application     device      the client's protocol, without a wire
    connecting  one connection after the other           reconnect   all of these, for an application

    Nodes       several servers with the same rooms
    broker      news between servers, at most once       nats        the same over a NATS
    questions   to a stream of NATS                      stream      all its messages, in one order
    storing     each post in it once                     jetstream   the log that several servers share
    nodes       rooms that are the same on several       natsserver  a NATS of our own, a process

    Users       and secrets
    accounts    users and passwords, in a thread         tokens      signed statements of who a user is
    tickets     a value in a URL, once                   sealed      messages that the server can't read

They use only the public names of the package, and `import wsdemo` loads none of them.
"""
