"""Lets a `Trace`, a `Connection` and a chat show themselves when they are the last line of a cell.

::

    views      draws them
    notebook   gives the classes their `_repr_mimebundle_`: from above, so that none knows of drawings
    Trace, Connection, and `Chat`, which asks for it by `show_page`

The drawing is loaded when it is asked for, by a notebook.
"""

from __future__ import annotations

from typing import Any, Final

from wsdemo.net.connection import Connection
from wsdemo.trace.trace import Trace
from wsdemo.words import plural

METHOD: Final = "_repr_mimebundle_"  #: the method of an object that Jupyter calls


def _trace(trace: Trace, include: object = None, exclude: object = None) -> dict[str, str]:
    """In a notebook: counts, and a ladder of the packets."""
    from wsdemo.views.diagrams.facts import trace_facts

    return trace_facts(trace)._repr_mimebundle_()


def _connection(connection: Connection, include: object = None, exclude: object = None) -> dict[str, str]:
    """In a notebook: a table of its facts and its state."""
    from wsdemo.views.diagrams.facts import connection_facts

    return connection_facts(connection)._repr_mimebundle_()


def show_page(kind: type[Any]) -> None:
    """Let the servers of a class show their page; they have ``url``, ``server`` and a repr."""

    def page(chat: Any, include: object = None, exclude: object = None) -> dict[str, str]:
        """In a notebook: its page in a frame, by the way that the browser finds."""
        from wsdemo.views.live.webpage import Webpage

        text = f"a chat with {plural(len(chat.server.connections), 'connection')}"
        return Webpage(chat.url, chat.server.port, text)._repr_mimebundle_()

    setattr(kind, METHOD, page)


setattr(Trace, METHOD, _trace)
setattr(Connection, METHOD, _connection)
