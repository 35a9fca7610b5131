"""Handlers that may block: a thread for each connection, in the style of ``websockets.sync``.

::

    @threaded
    def echo(ws):
        for message in ws:
            ws.send(message)
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from wsdemo.net.connection import Connection
from wsdemo.protocol.arguments import check_done, check_function


class threaded:
    """Serve each connection by a blocking ``handler(ws)`` in a thread of its own.

    The thread starts when the handshake is done; when the function returns, the connection is closed.
    TypeError for anything but a function of one argument.

    ::

        def handler(ws):
            for message in ws:
                ws.send(message)

        serve(threaded(handler))
    """

    def __init__(self, handler: Callable[[Connection], object]) -> None:
        check_function("handler", handler, 1, "a function of (ws)")
        self.handler = handler

    def on_open(self, connection: Connection) -> None:
        """Start the thread of this connection."""
        name = f"wsdemo-connection-{connection.id}"
        thread = threading.Thread(target=self._run, args=(connection,), name=name, daemon=True)
        connection.owner.started(thread)
        thread.start()

    def _run(self, connection: Connection) -> None:
        try:
            check_done("handler", self.handler(connection))
        except BaseException as error:
            connection.handler_failed(error)
        finally:
            connection.close()
            connection.owner.stopped(threading.current_thread())
