"""Views: functions that take data and give back a drawing.

::

    drawing/    theme       one colour, one pattern, one label per field
                drawing     the result of every view: a drawing, and the same as text
                canvas      a drawing of boxes, lines and letters: SVG
                axis        the axis of time below lanes
                column      drawings, one above the other or side by side
                table       cells in HTML
    live/       view        a drawing with controls: it moves in a notebook and stands still on paper
                still       the picture in the widget's place where there is no kernel
                following   a drawing that follows live traffic
                buttons     buttons that do something live, and a drawing that follows
                webpage     the page of a server, in a frame
    bytes/      stream      the byte stream, cut into pieces by ``recv``
                word        a word and its bytes
                handshake   a request beside its response
                hexdump     bytes in the colours of their fields
                ruler       a frame in the RFC's picture, 32 bits in a row
                xor         masking, in lanes
                stack       frames stacked into messages
    diagrams/   sockets     two programs, two sockets, address and port
                ladder      the messages between client and server, by time
                facts       a trace or a connection, as a table
                results     a measurement, as a table
                states      the life of a connection, and the path taken
                gantt       the clients that one thread serves, by time
                levels      the bytes that wait for each member of a room, by time
                fate        the way of one message, and what stops it
                storm       how many clients come back at once
                hops        the way of one message over several machines, by time
                cluster     who hears a message, while nodes live or are killed
                costs       the price of an attack, on both sides
                comparison  one server on several libraries: costs, and verdicts
                told        the browser's events beside the frames on the wire
                taps        one message at several taps, and who can read it
                leaks       five ways to bring a token, and where it turns up
                choice      six questions, and a line for each use
                instead     the other ways, a small figure of each
                coursemap   all lessons and their questions
    charts/     fontcache   keeps matplotlib's notices about its list of fonts out of a lesson
                picture     a matplotlib figure, drawn in a style of its own
                measured    delays, bytes and memory
                speed       the benchmark, as multiples of plain TCP
    benches/    one widget for one lesson, each: typing · scene · asking · microscope · keys · sequence ·
                laboratory · compressor · throttling · dragging · embedded · leaking · bounding ·
                adding · choosing

The names below are loaded when they are first used: a diagram needs neither matplotlib (only ``charts`` does)
nor ipywidgets (``live`` and ``benches`` do).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

#: Each public name, and the module that has it.
_HOMES: Final = {
    "Buttons": "live.buttons",
    "Column": "drawing.column",
    "Diary": "diagrams.gantt",
    "Drawing": "drawing.drawing",
    "Following": "live.following",
    "Gauge": "diagrams.levels",
    "Live": "live.view",
    "Microscope": "benches.microscope",
    "Picture": "charts.picture",
    "Sketch": "drawing.canvas",
    "Word": "bytes.word",
    "adding": "benches.adding",
    "asking": "benches.asking",
    "beside": "drawing.column",
    "bounding": "benches.bounding",
    "buttons": "live.buttons",
    "charts": "charts",
    "choice": "diagrams.choice",
    "choose_a_key": "benches.keys",
    "cluster": "diagrams.cluster",
    "choosing": "benches.choosing",
    "column": "drawing.column",
    "comparison": "diagrams.comparison",
    "compressor": "benches.compressor",
    "costs": "diagrams.costs",
    "coursemap": "diagrams.coursemap",
    "dragging": "benches.dragging",
    "embedded": "benches.embedded",
    "gantt": "diagrams.gantt",
    "handshake": "bytes.handshake",
    "hexdump": "bytes.hexdump",
    "hops": "diagrams.hops",
    "instead": "diagrams.instead",
    "laboratory": "benches.laboratory",
    "ladder": "diagrams.ladder",
    "lanes": "diagrams.fate",
    "leaking": "benches.leaking",
    "leaks": "diagrams.leaks",
    "levels": "diagrams.levels",
    "microscope": "benches.microscope",
    "ruler": "bytes.ruler",
    "scene": "benches.scene",
    "sequence": "benches.sequence",
    "slider": "live.view",
    "sockets": "diagrams.sockets",
    "stack": "bytes.stack",
    "states": "diagrams.states",
    "storm": "diagrams.storm",
    "stream": "bytes.stream",
    "table": "diagrams.results",
    "taps": "diagrams.taps",
    "theme": "drawing.theme",
    "throttling": "benches.throttling",
    "told": "diagrams.told",
    "type_a_word": "benches.typing",
    "verdicts": "diagrams.comparison",
    "xor": "bytes.xor",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_HOMES[name]}")
    found = globals()[name] = getattr(module, name, module)  # `charts` and `theme` are modules
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
