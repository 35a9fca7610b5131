"""The chat: the patterns put together, on one port with its web page. ``python -m wsdemo chat`` runs it.

::

    limits       every bound, as one value
    identity     the seam for logins of your own; guests by default
    members      users with passwords: accounts and tokens
    rights       the default: who may do what in which channel
    answers      plain HTTP in JSON, at once or later
    credentials  the token in a request, and where it counts
    login        plain HTTP: session, login, logout, token, ticket
    entrance     which connections are opened, and whose they are
    frames       under the hood: the bytes of a connection, for its own page
    metrics      for Prometheus
    app          Chat: all of it on a server
    promises     what is promised, and the tests that hold it

`import wsdemo` loads none of it.
"""

from __future__ import annotations

from wsdemo.chat.answers import NotAllowed
from wsdemo.chat.app import Chat
from wsdemo.chat.identity import Guests, Identities
from wsdemo.chat.limits import CHAT_LIMITS, ChatLimits
from wsdemo.chat.members import Members
from wsdemo.chat.rights import Rights
from wsdemo.notebook import show_page

__all__ = ["CHAT_LIMITS", "Chat", "ChatLimits", "Guests", "Identities", "Members", "NotAllowed", "Rights"]

show_page(Chat)  # as the last line of a cell
