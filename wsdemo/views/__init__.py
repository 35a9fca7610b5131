"""Pictures of bytes: functions that take data and give back a drawing.

::

    theme      one colour, one pattern, one label per field
    fontcache  matplotlib's list of fonts: no notice of it in a lesson
    picture    a drawing with its text
    live       a drawing with controls: it moves in a notebook and stands still on paper
    stream     the byte stream, and how ``recv`` cut it
    gantt      who was served when, by one thread
    scene      buttons that play a scene anew, one event longer
    buttons    buttons that do something live, and a picture that follows
    sequence   cards in a row, and what becomes of them
    handshake  a request beside its response
    asking     a request to take apart, and what a server says to it
    word       a word and its bytes
    coursemap  all lessons and their questions
    svg        a drawing of boxes, lines and letters
    ruler      a frame in the RFC's picture, 32 bits in a row
    hexdump    bytes in the colours of their fields
    xor        masking, in lanes
    keys       a key to choose, and what it does to the lanes
    stack      frames stacked into messages
    charts     delays, bytes and memory, measured
    compressor a stream to compress, and settings to choose
    laboratory conditions to choose, and events that arrive
    ladder     who said what to whom, and when
    states     the life of a connection, and the path taken
    follow     a picture that follows live traffic
    microscope a frame whose bits can be flipped

The only part of the package that knows matplotlib and ipywidgets; ``import wsdemo`` does not load it.
"""

from __future__ import annotations

import wsdemo.views.fontcache  # noqa: F401  before matplotlib
from wsdemo.views import charts, theme
from wsdemo.views.asking import asking
from wsdemo.views.buttons import Buttons, Column, buttons, column
from wsdemo.views.compressor import compressor
from wsdemo.views.coursemap import coursemap
from wsdemo.views.follow import Following
from wsdemo.views.gantt import Diary, gantt
from wsdemo.views.handshake import handshake
from wsdemo.views.hexdump import hexdump
from wsdemo.views.keys import choose_a_key
from wsdemo.views.laboratory import laboratory
from wsdemo.views.ladder import ladder
from wsdemo.views.live import Live, slider
from wsdemo.views.microscope import Microscope, microscope
from wsdemo.views.picture import Picture
from wsdemo.views.ruler import ruler
from wsdemo.views.scene import scene
from wsdemo.views.sequence import sequence
from wsdemo.views.stack import stack
from wsdemo.views.states import states
from wsdemo.views.stream import stream
from wsdemo.views.svg import Sketch
from wsdemo.views.word import Word, type_a_word
from wsdemo.views.xor import xor

__all__ = [
    "Buttons",
    "Column",
    "Diary",
    "Following",
    "Live",
    "Microscope",
    "Picture",
    "Sketch",
    "Word",
    "charts",
    "asking",
    "buttons",
    "column",
    "choose_a_key",
    "compressor",
    "coursemap",
    "gantt",
    "handshake",
    "hexdump",
    "laboratory",
    "ladder",
    "microscope",
    "ruler",
    "scene",
    "sequence",
    "slider",
    "stack",
    "states",
    "stream",
    "theme",
    "type_a_word",
    "xor",
]
