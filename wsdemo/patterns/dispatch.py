"""The way of a client's messages: each goes to the part of the server that it is for.

::

    before the welcome                 ──► Door              hello
    publish                            ──► Publishing        answered by its n
    volatile                           ──► Channels          never answered
    join, leave · refresh              ──► Channels · Door   answered by their id, and bounded by their rate
    pong                               ──► no one            it was heard: that is all
    what breaks the protocol           ──► error; the third time ends the connection, with 4400

Knows nothing of logs, members and users.
"""

from __future__ import annotations

from typing import Any

from wsdemo.patterns.channels import Channels
from wsdemo.patterns.door import Door
from wsdemo.patterns.figures import MessageCounts
from wsdemo.patterns.messages import BadMessage, parse, size_of
from wsdemo.patterns.publishing import Publishing
from wsdemo.patterns.session import RoomLimits, Session


class Dispatch:
    """The way of a client's messages. ``figures``: where they are counted."""

    def __init__(
        self,
        limits: RoomLimits,
        door: Door,
        channels: Channels,
        publishing: Publishing,
        figures: MessageCounts,
    ) -> None:
        self._limits, self._door, self._channels = limits, door, channels
        self._publishing, self._figures = publishing, figures

    def message(self, session: Session, text: str | bytes) -> None:
        """Do what a message asks for. What fails in it ends that connection alone."""
        try:
            if session.welcomed:
                self._hand_on(session, text)
            else:
                self._door.first(session, text)
        except BadMessage as error:
            self._offence(session, error)
        except Exception as error:
            self._door.fail(session, error)

    def _hand_on(self, session: Session, text: str | bytes) -> None:
        message = parse(text)
        self._figures.received[message["type"]] += 1
        match message["type"]:
            case "publish":
                self._publishing.publish(session, message, size_of(text))
            case "volatile":
                self._channels.volatile(session, message, size_of(text))
            case "pong":
                pass
            case "hello":
                raise BadMessage("hello is the first message, and comes once")
            case _:
                self._request(session, message)

    def _request(self, session: Session, message: dict[str, Any]) -> None:
        answers = {"id": message["id"]}
        if not session.in_rate("request", answers):
            return
        match message["type"]:
            case "join":
                self._channels.join(session, message)
            case "refresh":
                self._door.refresh(session, message)
            case "leave" if self._channels.leave(session, message["channel"]):
                session.send("ok", **answers)
            case _:
                session.error(answers, "not_joined")

    def _offence(self, session: Session, error: BadMessage) -> None:
        session.offences += 1
        session.send("error", **error.answers, code=error.code, reason=str(error))
        if session.offences >= self._limits.offences:
            self._door.bye(session, 4400, f"{session.offences} messages broke the protocol")
