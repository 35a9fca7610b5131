"""The long run of the chat's page, for ``make soak``.

pages    the server killed 100 times under two pages, a program and a terminal in one room
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

from tests import needs
from tests.browser.lab import CHROMIUM_FLAGS
from tests.web.killing import kill_a_room

Row = tuple[str, str, bool]


def pages(folder: Path, scale: float) -> Iterator[Row]:
    begun = time.monotonic()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs.chromium_path(), args=CHROMIUM_FLAGS)
        room = kill_a_room(browser, folder / "chat.db", max(2, int(100 * scale)))
        browser.close()
    figures = [
        "{}: {} lost, {} doubled, {} out of order".format(user, *room.figures(user)) for user in room.heard
    ]
    yield (
        f"{room.kills} kills under 2 pages, a program, a terminal; {room.total:,} texts",
        f"{'; '.join(figures)}; one order for all: {room.one_order}; "
        f"{time.monotonic() - begun:.0f} s, load {psutil.getloadavg()[0]:.1f}",
        room.good,
    )
