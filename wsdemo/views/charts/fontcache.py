"""Drops matplotlib's notices about its list of fonts, which would stand on stderr in a lesson.

matplotlib writes the list into the reader's home, once. Where the home can't be written (many containers), it
makes the list anew in every kernel, and says so with warnings: three lines of stderr above the first picture.
Only seconds are lost, so the lines are dropped here; `doctor` reports the place. Imported before matplotlib,
which it does not import.
"""

from __future__ import annotations

import logging
from typing import Final

#: Parts of the notices: the list can't be kept there, it is kept elsewhere, it takes a moment.
NOTICES: Final = (
    "mkdir -p failed for path",
    "is not a writable directory",
    "created a temporary cache directory",
    "building the font cache",
)


def worth_a_line(record: logging.LogRecord) -> bool:
    """Whether this record of matplotlib's is about something else."""
    return not any(notice in record.getMessage() for notice in NOTICES)


for _name in ("matplotlib", "matplotlib.font_manager"):
    logging.getLogger(_name).addFilter(worth_a_line)
