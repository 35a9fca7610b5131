"""The lessons of the course as data: the one table that README, map and progress agree with.

::

    Bytes on a wire      00 · 01 · 02
    The protocol         03 · 04 · 05 · 06 · 07
    What it costs        08 · 09 · 10
    Out in the world     11 · 12 · 13 · 14 · 15
    Your choice          16

Minutes are measured by doing the lesson, exercises included; a lesson of more than an hour has two sittings.
Knows nothing of notebooks and drawings.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Lesson(NamedTuple):
    """One lesson: `sittings` are minutes, `file` is its notebook's name, "" where it is not yet written."""

    number: int
    title: str
    question: str
    sittings: tuple[int, ...]
    file: str = ""

    @property
    def minutes(self) -> str:
        """The minutes as they are shown: sitting by sitting.

        >>> LESSONS[0].minutes, LESSONS[2].minutes
        ('40', '45 + 50')
        """
        return " + ".join(map(str, self.sittings))


class Part(NamedTuple):
    """Lessons that belong together."""

    title: str
    lessons: tuple[Lesson, ...]


PARTS: Final = (
    Part(
        "Bytes on a wire",
        (
            Lesson(0, "Start here", "Where is a WebSocket right now?", (40,), "00_start_here.ipynb"),
            Lesson(1, "A chat on raw TCP", "Where does a message end?", (50,), "01_raw_tcp.ipynb"),
            Lesson(
                2,
                "Many clients, one thread",
                "How does one thread serve many?",
                (45, 50),
                "02_many_clients.ipynb",
            ),
        ),
    ),
    Part(
        "The protocol",
        (
            Lesson(3, "The handshake", "How does HTTP stop being HTTP?", (35, 45), "03_the_handshake.ipynb"),
            Lesson(4, "Every bit of a frame", "What do 2 to 14 bytes say?", (50,), "04_frames.ipynb"),
            Lesson(5, "Masking", "Why scramble what stays readable?", (45,), "05_masking.ipynb"),
            Lesson(6, "Messages", "What is a message made of?", (50,), "06_messages.ipynb"),
            Lesson(
                7,
                "Life and death of a connection",
                "How do you know that it is over?",
                (35, 40),
                "07_life_and_death.ipynb",
            ),
        ),
    ),
    Part(
        "What it costs",
        (
            Lesson(8, "Latency", "How late is the news?", (35, 30), "08_latency.ipynb"),
            Lesson(9, "Bytes and compression", "What does a message cost?", (55,), "09_bytes.ipynb"),
            Lesson(10, "Rooms and backpressure", "What if one listener is slow?", (55,), "10_rooms.ipynb"),
        ),
    ),
    Part(
        "Out in the world",
        (
            Lesson(11, "Nothing lost", "What happened while I was gone?", (60,), "11_nothing_lost.ipynb"),
            Lesson(
                12,
                "The browser client",
                "What can JavaScript see, and what not?",
                (40,),
                "12_the_browser_client.ipynb",
            ),
            Lesson(
                13,
                "Private and authenticated",
                "Who can read it, who may send it?",
                (60,),
                "13_private.ipynb",
            ),
            Lesson(14, "Attack your own server", "How does it break?", (60,), "14_attack.ipynb"),
            Lesson(15, "Many servers", "How do two processes share a room?", (60,), "15_many_servers.ipynb"),
        ),
    ),
    Part(
        "Your choice",
        (Lesson(16, "Choose well", "Which tool for which job?", (60,), "16_choose_well.ipynb"),),
    ),
)

#: All of them, in order.
LESSONS: Final = tuple(lesson for part in PARTS for lesson in part.lessons)
