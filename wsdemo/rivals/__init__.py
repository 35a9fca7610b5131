"""What WebSockets are compared with: the same news by five ways, and what each of them costs.

::

    publish ──► server ──► [ short polling | long polling | SSE | WebSocket | raw TCP ] ──► client
                                                                                     │
                                                                                    tap ──► every byte

Read `news` (what is told), `ways` (which ways there are), `standard`, `strong` and `push` (the servers),
`clients`, then what is measured with them: `latency`, `load`. On their own: `compression`, `guess`, `nagle`.
"""
