"""Every bound has a default, and it is the one that the documents promise."""

from __future__ import annotations

from dataclasses import asdict

from wsdemo.protocol.deflate import Deflate
from wsdemo.protocol.limits import Limits

KiB, MiB = 1024, 1024 * 1024


def test_the_defaults() -> None:
    assert asdict(Limits()) == {
        "message_size": MiB,
        "first_message_size": 4 * KiB,
        "fragments": 1024,
        "request_line": 8 * KiB,
        "header_field": 8 * KiB,
        "header_fields": 100,
        "head_size": 32 * KiB,
        "body_size": 64 * KiB,
        "open_timeout": 10,
        "close_timeout": 5,
        "ping_interval": 20,
        "pong_timeout": 20,
        "write_timeout": 10,
        "idle_timeout": None,  # for those who want it
        "high_water": 64 * KiB,
        "buffer_size": MiB,
        "overflow": "close",
        "inbox_messages": 1024,
        "inbox_size": MiB,
        "turn_size": 64 * KiB,
        "connections": 10_000,
        "handshakes": 256,
        "per_address": None,  # for those who want it
        "backlog": 1024,
    }


def test_the_defaults_of_compression() -> None:
    assert asdict(Deflate()) == {
        "server_context_takeover": False,
        "client_context_takeover": False,
        "server_max_window_bits": 12,
        "client_max_window_bits": 12,
        "level": 6,
        "memory_level": 5,
        "threshold": 64,
    }
