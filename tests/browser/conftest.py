"""The fixture `lab`: JupyterLab in Chromium. The server lives as long as the tests, the browser as a file.

(Playwright's synchronous interface runs an asyncio loop in this thread: no other test should find it there.)
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import needs
from tests.browser.lab import CHROMIUM_FLAGS, Lab, Server


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("lab"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def lab(lab_server: Server) -> Iterator[Lab]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs.chromium_path(), args=CHROMIUM_FLAGS)
        yield Lab(lab_server, browser)
        browser.close()
