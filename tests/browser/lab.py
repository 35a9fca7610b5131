"""A lesson as a learner sees it: a real JupyterLab, a real Chromium.

    from tests import needs
    from tests.browser.lab import Lab

    pytestmark = needs.chromium

    def test_the_slider_moves_the_picture(lab: Lab) -> None:
        with lab.open("01_a_chat_on_raw_tcp.ipynb") as lesson:     # a copy: the stored notebook never changes
            lesson.run_all()                                       # raises if a cell prints to stderr
            before = lesson.text("views.recv_sizes")               # the output of the cell with this source
            slider = lesson.page.get_by_role("slider").first
            slider.focus()
            slider.press("ArrowRight")
            lesson.wait_until(lambda: lesson.text("views.recv_sizes") != before)
            lesson.screenshot("01-light")                          # tests/browser/screenshots/01-light.png
            lesson.dark()
            lesson.screenshot("01-dark")
            lesson.zoom(2)                                         # as a projector shows it
            lesson.screenshot("01-zoomed", whole=False)
        lab.print("01_a_chat_on_raw_tcp.ipynb", "01-print")        # the stored notebook: .png and .pdf

`lab` is a fixture of tests/browser/conftest.py.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Locator, Page

from tests import kernels

ROOT: Final = Path(__file__).resolve().parent.parent.parent
SCREENSHOTS: Final = Path(__file__).parent / "screenshots"
CHROMIUM_FLAGS: Final = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
START: Final = 60.0  # seconds, for a server, a page or a kernel to be there
RUN: Final = 120.0  # seconds, for all cells of a lesson
WIDGET: Final = ".widget-vbox, .wsm"  # ours and anywidget's
SETTINGS: Final = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},  # every cell is in the page
}

# The toolbar says idle before the kernel is connected, so ask the kernel itself.
KERNEL_READY: Final = """async () => {
    const session = window.jupyterapp.shell.currentWidget.sessionContext;
    await session.ready;
    const kernel = session.session.kernel;
    while (kernel.connectionStatus !== 'connected') await new Promise(next => setTimeout(next, 20));
    await kernel.info;
    await kernel.requestKernelInfo();
}"""

CAN_OPEN: Final = "() => window.jupyterapp?.commands.hasCommand('docmanager:open')"
WITHOUT_KERNEL: Final = """path => window.jupyterapp.commands.execute('docmanager:open', {
    path, kernelPreference: {shouldStart: false, canStart: false, autoStartDefault: false},
})"""
SAVE: Final = "() => window.jupyterapp.commands.execute('docmanager:save')"

HEIGHT: Final = """() => Math.max(
    ...Array.from(document.querySelectorAll('.jp-WindowedPanel-inner'), cells => cells.scrollHeight)
)"""
TO_THE_TOP: Final = (
    "() => document.querySelectorAll('.jp-WindowedPanel-outer').forEach(cells => cells.scrollTop = 0)"
)
NEXT_FRAME: Final = "() => new Promise(next => requestAnimationFrame(() => requestAnimationFrame(next)))"


class Server:
    """A JupyterLab on a free port of 127.0.0.1, with a home and settings of its own, and copied lessons."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "course" / "notebooks"
        shutil.copytree(
            ROOT / "notebooks", self.folder, ignore=shutil.ignore_patterns(".*"), dirs_exist_ok=True
        )
        for name, values in SETTINGS.items():
            path = home / "settings" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))
        (home / "config").mkdir()
        apart = f"{Path(kernels.__file__).read_text()}\nset_apart()\n"
        (home / "config" / "jupyter_server_config.py").write_text(apart)
        self._log = (home / "jupyter.log").open("wb")
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1"),
                f"--port={_free_port()}",  # taken meanwhile, it takes another one
                *("--allow-root", "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"),
                *("--LabApp.expose_app_in_browser=True", f"--ServerApp.root_dir={home / 'course'}"),
                f"--LabApp.user_settings_dir={home / 'settings'}",
            ],
            env=self._environment(),
            cwd=home / "course",
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self.url = self._await_url()

    def _environment(self) -> dict[str, str]:
        import matplotlib

        return os.environ | {
            "HOME": str(self.home),
            "JUPYTER_CONFIG_DIR": str(self.home / "config"),
            "JUPYTER_DATA_DIR": str(self.home / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.home / "runtime"),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "IPYTHONDIR": str(self.home / "ipython"),
            "MPLCONFIGDIR": matplotlib.get_cachedir(),  # the list of fonts takes seconds to make
        }

    def _await_url(self) -> str:
        """The port that it found free, once it answers."""

        def answers() -> str | None:
            if self._process.poll() is not None:
                raise RuntimeError(f"JupyterLab did not start:\n{(self.home / 'jupyter.log').read_text()}")
            for info in (self.home / "runtime").glob("jpserver-*.json"):
                with contextlib.suppress(OSError, ValueError):
                    url: str = json.loads(info.read_text())["url"]
                    with urllib.request.urlopen(f"{url}api/status", timeout=5):
                        return url
            return None

        return _eventually(answers, START, "JupyterLab to answer")

    def sessions(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}api/sessions", timeout=START) as answer:
            found: list[dict[str, Any]] = json.load(answer)
            return found

    def end_sessions(self) -> None:
        """Kernels outlive a closed page: end them."""
        for session in self.sessions():
            request = urllib.request.Request(f"{self.url}api/sessions/{session['id']}", method="DELETE")
            with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=START):
                pass

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.end_sessions()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(START)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(START)
        self._log.close()


class Lab:
    """JupyterLab in a browser."""

    def __init__(self, server: Server, browser: Browser) -> None:
        self.server = server
        self.browser = browser

    @contextlib.contextmanager
    def open(
        self,
        notebook: str | Path,
        width: int = 1280,
        height: int = 900,
        *,
        through: str = "",
        folder: Path | None = None,
    ) -> Iterator[Lesson]:
        """Open a lesson by its file name (or any notebook by its path). Its kernel ends with the block.

        ``through``: the URL of a proxy in front of the server.
        ``folder``: where in the course it is already; otherwise a copy is made.
        """
        source = Path(notebook) if Path(notebook).is_absolute() else ROOT / "notebooks" / notebook
        if folder is None:
            folder = self.server.folder
            shutil.copy(source, folder / source.name)
        url = f"{through or self.server.url}doc/tree/{folder.name}/{source.name}?reset"
        with self._page(url, width, height) as page:
            yield Lesson(page)

    @contextlib.contextmanager
    def reopen(self, name: str, *, kernel: bool, width: int = 1280, height: int = 900) -> Iterator[Lesson]:
        """Open a notebook again as it was saved; ``kernel``: with a new one, or with none at all."""
        path = f"notebooks/{name}"
        with self._page(
            f"{self.server.url}{f'doc/tree/{path}' if kernel else 'lab'}?reset", width, height, kernel
        ) as page:
            if not kernel:
                page.wait_for_function(CAN_OPEN)
                page.evaluate(WITHOUT_KERNEL, path)
                page.wait_for_selector(".jp-Notebook .jp-Cell")
            yield Lesson(page)

    @contextlib.contextmanager
    def _page(self, url: str, width: int, height: int, cells: bool = True) -> Iterator[Page]:
        context = self.browser.new_context(viewport={"width": width, "height": height})
        try:
            page = context.new_page()
            page.set_default_timeout(START * 1000)
            page.goto(url)
            if cells:
                page.wait_for_selector(".jp-Notebook .jp-Cell")
            page.wait_for_selector("#jupyterlab-splash", state="detached")
            yield page
        finally:
            context.close()
            self.server.end_sessions()

    def print(self, notebook: str | Path, name: str) -> None:
        """The stored notebook as paper and GitHub show it, nothing run: screenshots/NAME.png and .pdf."""
        from nbconvert import HTMLExporter

        html, _ = HTMLExporter().from_filename(str(ROOT / "notebooks" / notebook))
        path = self.server.home / "print.html"
        path.write_text(html, encoding="utf-8")
        SCREENSHOTS.mkdir(exist_ok=True)
        context = self.browser.new_context(viewport={"width": 1000, "height": 900}, offline=True)
        try:
            page = context.new_page()
            page.goto(path.as_uri(), wait_until="domcontentloaded")
            page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
            page.pdf(path=SCREENSHOTS / f"{name}.pdf", format="A4")
        finally:
            context.close()


class Lesson:
    """One open notebook."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._size = page.viewport_size or {"width": 1280, "height": 900}

    def run_all(self, *, stderr: bool = False) -> None:
        """Run all cells, to the end of the last. None may fail, nor print to stderr unless allowed."""
        self._promise(KERNEL_READY, START, "the kernel to be connected")
        run = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"
        self._promise(run, RUN, "all cells to be done")
        assert not self.errors(), f"cells failed: {self.errors()}"
        assert stderr or not self.stderr(), f"cells print to stderr: {self.stderr()}"

    def run(self, containing: str) -> None:
        """Run the code cell with this source again, to its end."""
        self.cell(containing).locator(".cm-content").click()
        run = "() => window.jupyterapp.commands.execute('notebook:run-cell')"
        self._promise(run, RUN, "the cell to be done")

    def save(self) -> None:
        """Write the notebook, outputs and all."""
        self._promise(SAVE, START, "the notebook to be saved")

    def cell(self, containing: str) -> Locator:
        """The code cell whose source contains this text (the first of them)."""
        cells = self.page.locator(".jp-CodeCell")
        editor = self.page.locator(".jp-InputArea-editor", has_text=containing)
        return cells.filter(has=editor).first

    def output(self, containing: str) -> Locator:
        """What stands below the code cell whose source contains this text."""
        return self.cell(containing).locator(".jp-Cell-outputArea").first

    def widget(self, containing: str) -> Locator:
        """The live widget in that output, without its still, which is hidden beside it."""
        return self.output(containing).locator(WIDGET).first

    def text(self, containing: str) -> str:
        """The text of that output, as a reader sees it."""
        outputs = self.cell(containing).locator(".jp-OutputArea-output")
        return "\n".join(text.strip() for text in outputs.all_inner_texts())

    def pictures_are_there(self, count: int) -> None:
        """Wait until so many pictures are in the outputs, and are loaded."""
        loaded = "images => images.filter(image => image.complete && image.naturalWidth).length"
        pictures = self.page.locator(".jp-OutputArea img")
        self.wait_until(lambda: pictures.count() == pictures.evaluate_all(loaded) == count)

    def stderr(self) -> list[str]:
        return self.page.locator("[data-mime-type='application/vnd.jupyter.stderr']").all_inner_texts()

    def errors(self) -> list[str]:
        """Tracebacks in the page."""
        return self.page.locator("[data-mime-type='application/vnd.jupyter.error']").all_inner_texts()

    def dark(self, on: bool = True) -> None:
        """Switch JupyterLab's theme."""
        theme = "JupyterLab Dark" if on else "JupyterLab Light"
        self._promise(
            f"() => window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})"
        )
        light = "false" if on else "true"
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")

    def zoom(self, factor: float) -> None:
        """As the browser's own zoom does: the page has so many times fewer pixels for all it shows."""
        width, height = int(self._size["width"] / factor), int(self._size["height"] / factor)
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.evaluate(NEXT_FRAME)

    def screenshot(self, name: str, *, whole: bool = True) -> Path:
        """Save screenshots/NAME.png: the whole notebook, or the window as it is. Look at it."""
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        if whole:
            height = min(int(self.page.evaluate(HEIGHT)) + 160, 16_000)
            self.page.set_viewport_size({"width": self._size["width"], "height": height})
            self.page.evaluate(TO_THE_TOP)
            self.page.evaluate(NEXT_FRAME)
        self.page.screenshot(path=path)
        if whole:
            self.page.set_viewport_size(self._size)
        return path

    def wait_until(self, true: Callable[[], bool], seconds: float = START) -> None:
        """Wait until something holds, while the page lives on."""
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {seconds:g} seconds: still not so")
            self.page.wait_for_timeout(50)

    def _promise(self, script: str, seconds: float = START, what: str = "JupyterLab") -> None:
        """Wait for what a script promises; unlike `page.evaluate`, not forever."""
        self.page.evaluate(
            f"""() => {{
                window.promised = 'waiting';
                const settle = result => {{ window.promised = String(result ?? 'done') }};
                ({script})().then(() => settle('done'), settle);
            }}"""
        )
        try:
            self.page.wait_for_function("window.promised !== 'waiting'", timeout=seconds * 1000)
        except Exception as error:
            raise TimeoutError(f"waited {seconds:g} seconds for {what}") from error
        result = self.page.evaluate("window.promised")
        assert result == "done", f"{what}: {result}"


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _eventually(find: Callable[[], str | None], seconds: float, what: str) -> str:
    deadline = time.monotonic() + seconds
    pause = 0.05
    while (found := find()) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} seconds for {what}")
        time.sleep(pause)  # another process: nothing here to wait on
    return found
