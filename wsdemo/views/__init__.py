"""Pictures of bytes: functions that take data and give back a drawing.

::

    theme      one colour, one pattern, one label per field
    picture    a drawing with its text
    live       a drawing with controls: it moves in a notebook and stands still on paper
    stream     the byte stream, and how ``recv`` cut it

The only part of the package that knows matplotlib and ipywidgets; ``import wsdemo`` does not load it.
"""

from __future__ import annotations

from wsdemo.views import theme
from wsdemo.views.live import Live, slider
from wsdemo.views.picture import Picture
from wsdemo.views.stream import stream

__all__ = ["Live", "Picture", "slider", "stream", "theme"]
