"""Authorization: the clients that may come in, and their users, by the request or by the first message.

::

    serve(chat, authorize=by_cookie)                by_cookie(request)     before the 101; refusal: HTTP 403
    serve(chat, authorize=first_message(by_token))  by_token(ws, message)  after it; refusal: close code 1008

The result of either is the connection's ``user``: any value that stands for a user. ``None`` and ``False``
refuse, so a look-up that finds nothing keeps a client out. Values that can only be mistakes refuse too, with
HTTP 500 or close code 1011: a coroutine or a Future of asyncio, which nothing awaits here, an exception that
was returned and not raised, an HTTP response, a function that was not called.

A look-up that takes long would hold up every connection. By the request it may run in a thread of its own:
``authorize`` returns a `concurrent.futures.Future`, and the client waits, at most ``limits.open_timeout``
seconds (else 503). The Future of a client that leaves before is cancelled. ::

    pool = ThreadPoolExecutor(1)
    serve(chat, authorize=lambda request: pool.submit(by_password, request))

Knows nothing of passwords.
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
    """Authorize each connection by its first message, where the request cannot name the user.

    A page in a browser can add no header to the request, and URLs end up in logs. So the page opens the
    connection and sends its token: ``check(ws, message)`` gives the ``user``, or raises PolicyViolation with
    the reason; it runs in the server's thread, where it must not block. TypeError where it is no function.

    Until then the connection counts as an unfinished opening: the handler does not hear of it, no broadcast
    reaches it, its message has at most ``limits.first_message_size`` bytes (else 1009), and the message must
    come within ``limits.open_timeout`` seconds (else 1008).

    ::

        serve(chat, authorize=first_message(lambda ws, token: users.get(token)))
    """

    def __init__(self, check: Callable[[Connection, str | bytes], Any]) -> None:
        check_function("check", check, 2, "a function of (ws, message)")
        self.check = check


Authorize = Callable[["Request"], Any] | first_message


def check_authorize(authorize: Authorize | None) -> None:
    """Check an option ``authorize``; TypeError for anything but a function, `first_message` or None."""
    if authorize is not None and not isinstance(authorize, first_message):
        check_function("authorize", authorize, 1, "a function of (request), first_message(function), or None")


def by_request(found: Any) -> Any:
    """The user, where ``authorize`` gave ``found``. Raises HandshakeError (403), TypeError for a mistake."""
    return _somebody(found, HandshakeError("not allowed", 403))


def by_message(authorize: first_message, connection: Connection, message: str | bytes) -> Any:
    """The user of this message. Raises PolicyViolation, TypeError for a mistake, or its own error."""
    return _somebody(authorize.check(connection, message), PolicyViolation("not allowed"))


def _somebody(user: Any, refusal: Exception) -> Any:
    check_done("authorize", user)
    if user is None or user is False or (type(user).__name__ in NUMPY_BOOL and not user):
        raise refusal  # None and False only: 0 and "" may be users
    if (
        callable(user)
        or user is NotImplemented
        or isinstance(user, (Response, BaseException))
        or hasattr(type(user), "add_done_callback")
    ):
        raise TypeError(f"authorize gave {got(user)}, expected the user, or None to refuse")
    return user


#: The result of a comparison with NumPy, which has a False of its own.
NUMPY_BOOL: Final = ("bool", "bool_")
