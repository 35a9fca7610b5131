"""Who may come in, and as whom: decided by the request, or by the first message.

::

    serve(chat, authorize=by_cookie)                by_cookie(request)     before the 101; refusal: HTTP 403
    serve(chat, authorize=first_message(by_token))  by_token(ws, message)  after it; refusal: close code 1008

What either gives is the connection's ``user``: any value that stands for somebody. ``None`` and ``False``
refuse, so that a look-up that finds nothing lets nobody in. What can only be a mistake refuses too, with HTTP
500 or close code 1011: a coroutine or Future, whose verdict is not there yet, an exception that was returned
and not raised, an HTTP response, a function that was not called. Knows nothing of passwords or tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from wsdemo.protocol.arguments import check_done, check_function, got
from wsdemo.protocol.errors import HandshakeError, PolicyViolation
from wsdemo.protocol.http11 import Response

if TYPE_CHECKING:
    from wsdemo.net.connection import Connection
    from wsdemo.protocol.http11 import Request


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
        check_function("check", check, 2, "a function of (ws, message)")
        self.check = check


Authorize = Callable[["Request"], Any] | first_message


def check_authorize(authorize: Authorize | None) -> None:
    """Whether an option ``authorize`` can decide."""
    if authorize is not None and not isinstance(authorize, first_message):
        check_function("authorize", authorize, 1, "a function of (request), first_message(function), or None")


def by_request(authorize: Authorize | None, request: Request) -> Any:
    """The user that this request is from. Raises HandshakeError (403), and what ``authorize`` raises."""
    if authorize is None or isinstance(authorize, first_message):
        return None
    return _somebody(authorize(request), HandshakeError("not allowed", 403))


def by_message(authorize: first_message, connection: Connection, message: str | bytes) -> Any:
    """The user that this message is from. Raises PolicyViolation, and what ``authorize`` raises."""
    return _somebody(authorize.check(connection, message), PolicyViolation("not allowed"))


def _somebody(user: Any, refusal: Exception) -> Any:
    check_done("authorize", user)
    if user is None or user is False or (type(user).__name__ in NUMPY_BOOL and not user):
        raise refusal  # None and False only: 0 and "" may be users
    if (
        callable(user)
        or isinstance(user, (Response, BaseException))
        or hasattr(type(user), "add_done_callback")
    ):
        raise TypeError(f"authorize gave {got(user)}, expected the user, or None for nobody")
    return user


#: What a comparison with NumPy gives: it has a False of its own.
NUMPY_BOOL: Final = ("bool", "bool_")
