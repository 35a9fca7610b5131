"""The picture of the README: one live session of the time server, its bytes as the client got them.

python -m tools.picture
"""

from __future__ import annotations

from tools.notebooks import ROOT
from wsdemo import Trace, views
from wsdemo.rawtcp import TimeClient, TimeServer


def main() -> None:
    trace = Trace()
    with (
        TimeServer(every=0.05, clock=lambda: "12:00:00", welcome="Welcome! 你好 👋") as server,
        TimeClient(server.host, server.port, trace=trace) as client,
    ):
        for _ in range(3):
            client.recv(timeout=5)
    views.stream(trace).save(ROOT / "docs" / "stream.svg")


if __name__ == "__main__":
    main()
