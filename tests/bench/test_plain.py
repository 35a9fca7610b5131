"""Plain TCP: how many calls a message costs, and that messages come back whole however they are cut."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wsdemo.bench.plain import echo, echo_buffered, framed, read


class Socket:
    """A socket that receives these pieces, each with one ``recv``, then the end; it counts the calls."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.received = 0
        self.sent: list[bytes] = []
        self.closed = False

    def recv(self, size: int) -> bytes:
        self.received += 1
        if not self.pieces:
            return b""
        piece = self.pieces.pop(0)
        if len(piece) > size:
            self.pieces.insert(0, piece[size:])
        return piece[:size]

    def recv_into(self, buffer: memoryview) -> int:
        data = self.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def sendall(self, data: bytes) -> None:
        self.sent.append(data)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self.closed = True


Echo = Callable[[Socket], None]
MESSAGES = [framed(b"hello"), framed(b""), framed(b"x" * 300)]


def test_the_tcp_of_the_rows_takes_two_recv_a_message_and_one_send() -> None:
    sock = Socket(b"".join(MESSAGES))
    echo(sock)  # type: ignore[arg-type]
    assert sock.sent == MESSAGES and sock.received == 2 * len(MESSAGES) + 2 and sock.closed


def test_the_buffered_one_takes_all_that_came_at_once() -> None:
    sock = Socket(b"".join(MESSAGES))
    echo_buffered(sock)  # type: ignore[arg-type]
    assert sock.sent == [b"".join(MESSAGES)] and sock.received == 2 and sock.closed


@pytest.mark.parametrize("way", [echo, echo_buffered])
def test_cut_at_every_byte(way: Echo) -> None:
    whole = b"".join(MESSAGES)
    for cut in range(1, len(whole)):
        sock = Socket(whole[:cut], whole[cut:])
        way(sock)
        assert b"".join(sock.sent) == whole
    sock = Socket(*(whole[i : i + 1] for i in range(len(whole))))
    way(sock)
    assert b"".join(sock.sent) == whole


def test_read_ends_with_the_connection() -> None:
    with pytest.raises(EOFError, match="the connection ended after 3 of 4 bytes"):
        read(Socket(b"ab", b"c"), 4)  # type: ignore[arg-type]
