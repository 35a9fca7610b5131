"""Pictures of bytes: functions that take data and give back a drawing.

::

    theme      one colour, one pattern, one label per field
    picture    a drawing with its text
    live       a drawing with controls: it moves in a notebook and stands still on paper
    stream     the byte stream, and how ``recv`` cut it
    gantt      who was served when, by one thread
    scene      buttons that play a scene anew, one event longer
    word       a word and its bytes
    coursemap  all lessons and their questions

The only part of the package that knows matplotlib and ipywidgets; ``import wsdemo`` does not load it.
"""

from __future__ import annotations

from wsdemo.views import theme
from wsdemo.views.coursemap import coursemap
from wsdemo.views.gantt import Diary, gantt
from wsdemo.views.live import Live, slider
from wsdemo.views.picture import Picture
from wsdemo.views.scene import scene
from wsdemo.views.stream import stream
from wsdemo.views.word import Word, type_a_word

__all__ = [
    "Diary",
    "Live",
    "Picture",
    "Word",
    "coursemap",
    "gantt",
    "scene",
    "slider",
    "stream",
    "theme",
    "type_a_word",
]
