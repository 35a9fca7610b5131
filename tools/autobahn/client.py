"""The client under test: runs each case of a fuzzing server, echoing all that comes.

python -m tools.autobahn.client URL AGENT
"""

from __future__ import annotations

import sys

from wsdemo import Connection, Limits, WebSocketError, connect

from . import suite

LIMITS = Limits(
    message_size=suite.LARGEST,
    fragments=suite.FRAGMENTS,
    buffer_size=2 * suite.LARGEST,
)


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


def main(url: str, agent: str) -> None:
    with connect(f"{url}/getCaseCount") as ws:
        count = int(ws.recv(suite.CASE_TIMEOUT))
    for case in range(1, count + 1):
        try:
            with connect(f"{url}/runCase?case={case}&agent={agent}", echo, limits=LIMITS) as ws:
                ws.wait_closed(suite.CASE_TIMEOUT)
        except WebSocketError as error:
            print(f"case {case} of {count}: {error}", file=sys.stderr)
    with connect(f"{url}/updateReports?agent={agent}") as ws:
        ws.wait_closed(suite.CASE_TIMEOUT)


if __name__ == "__main__":
    main(*sys.argv[1:])
