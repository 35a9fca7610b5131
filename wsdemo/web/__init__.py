"""The browser's half of the chat: plain HTML, CSS and JavaScript modules, as files of a server.

::

    for path, file in routes().items():
        server.route(path, file)

Read `socket.js` first, a client that comes back by itself and loses nothing. Its parts, each readable alone:

    link.js      one connection after the other           backoff.js     whether to come back, and when
    outbox.js    what is not confirmed, its devices       flight.js      the numbers on their way
    reading.js   each message drawn once, in order        messages.js    the texts, checked
    owner.js     copies of a tab                          sealed.js      what the server can't read

The page: `index.html`, `chat.css` and `chat.js`, on `page.js`, `chart.js`, `frames.js` and `pictures.js`. No
build step, nothing from elsewhere, and the page's policy says so: a browser loads only these files, and makes
no HTML of a text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from wsdemo.net.static import StaticFile

HERE: Final = Path(__file__).parent
#: The endings of the files beside the page.
SERVED: Final = (".css", ".js", ".svg")
#: The Content-Security-Policy of the page. A notebook on this machine may show it in a frame.
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        *("script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'"),
        *(
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ),
        "frame-ancestors 'self' http://localhost:* http://127.0.0.1:*",
    )
)


def routes() -> dict[str, StaticFile]:
    """The files by their paths; ``/`` is the page. Raises OSError where one can't be read.

    >>> from wsdemo.protocol.http11 import Request
    >>> routes()["/"](Request("GET", "/")).status
    200
    """
    files = {f"/{path.name}": StaticFile(path) for path in sorted(HERE.iterdir()) if path.suffix in SERVED}
    return {"/": StaticFile(HERE / "index.html", policy=POLICY), **files}
