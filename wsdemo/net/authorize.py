"""Who may come in, and as whom: decided by the request, or by the first message.

::

    serve(chat, authorize=by_cookie)                by_cookie(request)     before the 101; refusal: HTTP 403
    serve(chat, authorize=first_message(by_token))  by_token(ws, message)  after it; refusal: close code 1008

What either gives is the connection's ``user``. ``None`` and ``False`` refuse, so that a look-up that finds
nothing lets nobody in. Knows nothing of passwords or tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from wsdemo.protocol.errors import HandshakeError, PolicyViolation

if TYPE_CHECKING:
    from wsdemo.net.connection import Connection
    from wsdemo.protocol.http11 import Request

#: What refuses. By identity: 0 and "" may be users.
NOBODY: Final = (None, False)


class first_message:
    """Authorize each connection by its first message, where the request cannot say who asks.

    A page in a browser can add no header to the request, and what stands in the URL ends up in logs. So the
    page opens the connection and sends its token: ``check(ws, message)`` gives the ``user``, or raises
    PolicyViolation with the reason; it runs in the server's thread, where it must not block.

    Until then the connection is one of the unfinished openings: the handler is not told of it, no broadcast
    reaches it, its message has at most ``limits.first_message_size`` bytes (1009), and it has until
    ``limits.open_timeout`` seconds after it came (1008).

    ::

        serve(chat, authorize=first_message(lambda ws, token: users.get(token)))
    """

    def __init__(self, check: Callable[[Connection, str | bytes], Any]) -> None:
        self.check = check


Authorize = Callable[["Request"], Any] | first_message


def by_request(authorize: Authorize | None, request: Request) -> Any:
    """The user that this request is from. Raises HandshakeError (403), and what ``authorize`` raises."""
    if authorize is None or isinstance(authorize, first_message):
        return None
    return _somebody(authorize(request), HandshakeError("not allowed", 403))


def by_message(authorize: first_message, connection: Connection, message: str | bytes) -> Any:
    """The user that this message is from. Raises PolicyViolation, and what ``authorize`` raises."""
    return _somebody(authorize.check(connection, message), PolicyViolation("not allowed"))


def _somebody(user: Any, refusal: Exception) -> Any:
    if any(user is nobody for nobody in NOBODY):
        raise refusal
    return user
