"""Lets a `Trace` and a `Connection` show themselves when they are the last line of a cell.

::

    views      draws them
    notebook   gives both classes their `_repr_mimebundle_`: from above, so that neither knows of drawings
    Trace, Connection

The drawing is loaded when it is asked for, by a notebook.
"""

from __future__ import annotations

from typing import Final

from wsdemo.net.connection import Connection
from wsdemo.trace.trace import Trace

METHOD: Final = "_repr_mimebundle_"  #: the method of an object that Jupyter calls


def _trace(trace: Trace, include: object = None, exclude: object = None) -> dict[str, str]:
    """In a notebook: counts, and a ladder of the packets."""
    from wsdemo.views.diagrams.facts import trace_facts

    return trace_facts(trace)._repr_mimebundle_()


def _connection(connection: Connection, include: object = None, exclude: object = None) -> dict[str, str]:
    """In a notebook: a table of its facts and its state."""
    from wsdemo.views.diagrams.facts import connection_facts

    return connection_facts(connection)._repr_mimebundle_()


setattr(Trace, METHOD, _trace)
setattr(Connection, METHOD, _connection)
