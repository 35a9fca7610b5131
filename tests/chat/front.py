"""A real nginx in front of a chat, with the configuration of ``docs/operating.md``."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import needs
from tests.waiting import DEADLINE
from wsdemo.chat import Chat

PAGE = (Path(__file__).parents[2] / "docs/operating.md").read_text(encoding="utf-8")
PLACES = ["direct", pytest.param("nginx", marks=needs.nginx)]
#: For a test with a `chat`: once more behind nginx.
anywhere = pytest.mark.parametrize("chat", PLACES, indirect=True)


def block(language: str, number: int = 0) -> str:
    """A configuration of the page, by its language."""
    return re.findall(rf"(?s)```{language}\n(.*?)```", PAGE)[number]


class FrontedChat(Chat):
    """A chat whose addresses are those of what stands in front of it."""

    front = 0

    @property
    def websocket_url(self) -> str:
        return f"ws://127.0.0.1:{self.front}/chat"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.front}/"


@contextlib.contextmanager
def fronted(folder: Path, where: str) -> Iterator[FrontedChat]:
    """A chat; ``where``: "direct", or "nginx" for one behind it, which has the folder."""
    with contextlib.ExitStack() as opened:
        chat = opened.enter_context(FrontedChat())
        port = chat.server.port
        chat.front = opened.enter_context(nginx(folder, (port, port))) if where == "nginx" else port
        yield chat


def configuration(
    address: str, ports: tuple[int, ...], patience: str = "60s", certificate: Path | None = None
) -> str:
    """The page's, or with a certificate that of its part on TLS, with other addresses."""
    text = block("nginx").replace("127.0.0.1:8080", address)
    if certificate is not None:
        tls = block("nginx", 1).replace("443", address).replace("chat.pem", str(certificate))
        text = re.sub(r"(?s)    server \{.*\}\n\}", lambda found: tls + "}", text)
    for written, node in zip((8001, 8002), ports, strict=False):
        text = text.replace(f"127.0.0.1:{written}", f"127.0.0.1:{node}")
    return text.replace("60s", patience)


@contextlib.contextmanager
def nginx(folder: Path, ports: tuple[int, ...], **options: Any) -> Iterator[int]:
    """The nginx of the page before two nodes, or one; its port. See `configuration`.

    It is given the socket, so none can take the port, and who connects before it listens is heard.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        text = configuration(f"127.0.0.1:{port}", ports, **options)
        own = f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        (folder / "nginx.conf").write_text(own + text.replace("http {", f"http {{ access_log off; {paths}"))
        program = str(needs.nginx_path())
        process = subprocess.Popen(
            [program, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"],
            pass_fds=[listening.fileno()],
            env={**os.environ, "NGINX": f"{listening.fileno()};"},  # as when nginx itself is replaced
        )
    try:
        yield port
    finally:
        process.terminate()
        process.wait(DEADLINE)
        assert "[emerg]" not in (folder / "error.log").read_text()
