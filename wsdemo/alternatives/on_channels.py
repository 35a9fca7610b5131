"""The time server and a chat room on `Django Channels` and `daphne`: ``python on_channels.py [PORT]``.

As its documentation advises: consumers, groups of a channel layer, `AllowedHostsOriginValidator` around the
routes. A Django project keeps this in several files (settings, asgi, routing, consumers). The layer is the
one in memory, which the documentation wants for development only: it keeps 100 messages for a consumer and
drops the others without a word.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from typing import Any

import django
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server as Daphne
from django.conf import settings
from django.urls import path

WELCOME = "Welcome! The time follows."
SECONDS = 3.0


class TimeConsumer(AsyncWebsocketConsumer):
    """A welcome, then the time; what the client says is not looked at."""

    async def connect(self) -> None:
        """A client wants to come in."""
        await self.accept()
        await self.send(text_data=WELCOME)
        await self.channel_layer.group_add("time", self.channel_name)

    async def disconnect(self, code: int) -> None:
        """It has left."""
        await self.channel_layer.group_discard("time", self.channel_name)

    async def clock_time(self, event: dict[str, Any]) -> None:
        """The layer's event ``clock.time``."""
        await self.send(text_data=event["text"])


class RoomConsumer(AsyncWebsocketConsumer):
    """Each message of a member goes to all of them."""

    async def connect(self) -> None:
        """A client wants to come in."""
        await self.channel_layer.group_add("room", self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """It has left."""
        await self.channel_layer.group_discard("room", self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A message of the client: to the group."""
        if text_data is not None:
            await self.channel_layer.group_send("room", {"type": "room.message", "text": text_data})

    async def room_message(self, event: dict[str, Any]) -> None:
        """The layer's event ``room.message``."""
        await self.send(text_data=event["text"])


class Lifetime:
    """ASGI has a protocol for an application's life, which daphne does not speak: the clock begins with the
    first connection.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self.clock: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One connection."""
        self.clock = self.clock or asyncio.create_task(self.tell_time())
        await self.app(scope, receive, send)

    async def tell_time(self) -> None:
        while True:
            await asyncio.sleep(SECONDS)
            event = {"type": "clock.time", "text": time.strftime("%H:%M:%S")}
            await get_channel_layer().group_send("time", event)


def main(port: int) -> None:
    settings.configure(
        SECRET_KEY="only for this example",
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    )
    django.setup()
    routes = URLRouter([path("time", TimeConsumer.as_asgi()), path("room", RoomConsumer.as_asgi())])
    app = Lifetime(ProtocolTypeRouter({"websocket": AllowedHostsOriginValidator(routes)}))
    endpoints = build_endpoint_description_strings(host="127.0.0.1", port=port)
    with contextlib.suppress(KeyboardInterrupt):
        Daphne(app, endpoints=endpoints, verbosity=0).run()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8765)
