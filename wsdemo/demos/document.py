"""A shared document: edits are published, cursors are volatile, and a newcomer begins with a snapshot.

::

    ann ── edit (bytes of a CRDT) ──► #doc, a log ──► bob; carol, from the last snapshot on

The promise: those who have heard the same edits have the same text, in any order, even twice. Needs pycrdt.
"""

import base64
import threading
from collections.abc import Iterator
from typing import Any

import pycrdt

from wsdemo.demos.gathering import Gathering

ROOM = "#doc"


class Editor:
    """A guest with a copy of the document. ``after``: the offset from which it reads the edits."""

    def __init__(self, gathering: Gathering, name: str, after: int = 0) -> None:
        self.doc, self.lock = pycrdt.Doc[Any](), threading.Lock()  # edits come in another thread
        self.text = self.doc.get("text", type=pycrdt.Text)
        self.guest = gathering.guest(name, ROOM, after=after, on_message=self._heard)

    def write(self, words: str, place: int = 0, *, snapshot: bool = False) -> None:
        """Insert words, and publish the edit, or all edits, for those who come later."""
        with self.lock:
            before = None if snapshot else self.doc.get_state()
            self.text.insert(place, words)
            update = self.doc.get_update(before)
        self.guest.client.publish(ROOM, base64.b64encode(update).decode())

    def _heard(self, message: dict[str, Any]) -> None:
        with self.lock:
            self.doc.apply_update(base64.b64decode(message["body"]))


def play() -> Iterator[str]:
    """Both write while Bob is away; a newcomer reads a snapshot."""
    with Gathering() as gathering:
        ann, bob = Editor(gathering, "ann"), Editor(gathering, "bob")
        ann.write("tea")
        bob.guest.wait(1)
        bob.guest.lose()
        bob.write("green ")
        ann.write(" with milk", 3)
        yield f"apart: ann has {str(ann.text)!r}, bob has {str(bob.text)!r}"
        bob.guest.back()
        gathering.until(lambda: len(ann.guest.heard) == len(bob.guest.heard) == 3)
        yield f"together: ann has {str(ann.text)!r}, bob has {str(bob.text)!r}"
        ann.write("hot ", snapshot=True)
        ann.guest.wait(4)
        carol = Editor(gathering, "carol", ann.guest.offset - 1)
        yield f"carol has heard {len(carol.guest.wait(1))} edit, and has {str(carol.text)!r}"
