"""One small server, written six times: each on another library, as its own documentation advises.

::

    /time   a welcome, then the time every three seconds
    /room   what one member says, all of them hear

    on_wsdemo · on_websockets · on_aiohttp · on_fastapi · on_channels · on_socketio

Each `on_…` is complete: ``python on_fastapi.py [PORT]`` runs it, and it imports nothing of this package but
for the first. Around them, in reading order: table (what each one needs and is) · envelope (the packets of
Socket.IO) · serving (each in a process of its own) · speaking (a client of any of them) · wire (what each one
does with bytes that break the RFC) · measures · compare (all of it in one run).
"""
