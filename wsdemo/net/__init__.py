"""The only code that touches sockets and threads.

Read `reactor` (one thread, one selector, timers), then `transport` (one socket: bytes in, an
out-buffer, the tap), then `connection`, `client`, `service` and `server`.
"""
