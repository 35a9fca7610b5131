"""A chat to be killed, in its own process, as a person starts it: ``python -m wsdemo chat --db FILE``."""

from __future__ import annotations

import sys

from tests.patterns.killing import Process


class ChatProcess(Process):
    """See `Process`; it ends by SIGTERM."""

    path_in_url = "chat"

    @property
    def command(self) -> list[str]:
        options = ["--db", str(self.path), "--port", str(self.port), "--drain", "0.1"]
        return [sys.executable, "-m", "wsdemo", "chat", *options]

    def read_port(self, line: str) -> int:
        return int(line.partition(";")[0].rstrip("/").rpartition(":")[2])

    def token(self, user: str) -> str:
        return f"{user}.secret"

    def close(self) -> None:
        self.child.terminate()
        super().close()
