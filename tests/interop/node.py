"""npm's `ws`, the WebSocket library of Node.js: one pinned version in a folder of its own."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

VERSION = "8.23.0"

#: A text that compresses, and is larger than any buffer on its way.
LARGE = "words and more words, " * 5000


def installed() -> Path:
    """A folder where ``require("ws")`` works; made once and kept in the system's folder for such things."""
    folder = Path(tempfile.gettempdir()) / f"wsdemo-node-ws-{VERSION}"
    if not (folder / "node_modules" / "ws" / "package.json").exists():
        folder.mkdir(exist_ok=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", f"ws@{VERSION}"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=110)
    return folder
