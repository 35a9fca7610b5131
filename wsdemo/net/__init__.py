"""The only code that touches sockets and threads. Read in this order:

`reactor` (one thread, one poller, timers) and `poller`; `transport` (one socket: bytes in, bytes out, the
tap)
with its `outbox` and `tls`; `sending`, `heartbeat` and `inbox`, the parts of a `connection`; `handler` and
`threaded`, which call your code; `listener`, `service`, `authorize`, `routes`, `timers` and `broadcast`, the
parts of a `server`; `dial` and `client`. `waiting` is how all of them wait.
"""
