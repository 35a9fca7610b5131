"""Plain TCP, with which everything is compared: messages behind a header of 10 bytes, on blocking sockets.

::

    b"5         hello"      the payload's length in ASCII digits, padded with spaces; the payload
      └ 10 bytes ┘

The TCP of every row is `echo`: two ``recv`` a message, one for the header and one for the payload, and one
``send``. Only where many messages are on their way at once it would be a straw man: there the comparison is
with `echo_buffered`, which takes all that has come with one ``recv`` and answers it with one ``send``.
"""

from __future__ import annotations

import contextlib
import socket
from typing import Final

#: Bytes of the header.
HEADER: Final = 10

#: Bytes that one ``recv`` of `echo_buffered` takes at most.
BUFFER: Final = 65536


def framed(payload: bytes) -> bytes:
    """A message as it is sent.

    >>> framed(b"hello")
    b'5         hello'
    """
    return b"%-10d%b" % (len(payload), payload)


def read(sock: socket.socket, size: int) -> bytes | bytearray:
    """Read ``size`` bytes, with one ``recv`` if they are there. Raises EOFError if there are fewer."""
    data = sock.recv(size)
    if len(data) == size:
        return data
    whole, got = bytearray(size), len(data)
    whole[:got] = data
    with memoryview(whole) as view:
        while got < size:
            count = sock.recv_into(view[got:])
            if not count:
                raise EOFError(f"the connection ended after {got} of {size} bytes")
            got += count
    return whole


def echo(sock: socket.socket) -> None:
    """Answer each message with itself, until the other end has enough."""
    with sock, contextlib.suppress(EOFError, ConnectionError):
        while True:
            header = read(sock, HEADER)
            sock.sendall(header + read(sock, int(header)))


def echo_buffered(sock: socket.socket) -> None:
    """The same for messages of less than `BUFFER` bytes; those that came together are answered together."""
    rest = b""
    with sock, contextlib.suppress(ConnectionError):
        while data := sock.recv(BUFFER):
            data = rest + data
            position, answers = 0, []
            while len(data) - position >= HEADER:
                start = position + HEADER
                stop = start + int(data[position:start])
                if stop > len(data):
                    break
                answers.append(framed(data[start:stop]))
                position = stop
            rest = data[position:]
            sock.sendall(b"".join(answers))
