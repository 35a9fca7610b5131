"""The rivals of WebSockets: the same news by five ways, and the costs of each.

::

    publish ──► server ──► [ short polling | long polling | SSE | WebSocket | raw TCP ] ──► client
                                                                                     │
                                                                                    tap ──► every byte

Read `news` (the events), `ways` (the ways to tell them), `standard`, `application`, `strong` and `push` (the
servers), `exchange` (HTTP/1.1 and HTTP/2 without I/O), `clients` and `audience` (many of them together); then
the measurements: `measuring`, `costs` and `tables` (their parts), `latency`, `loss`, `load` with `serving` (a
server in its own process). On their own: `compression`, `guess`, `nagle`.
"""
