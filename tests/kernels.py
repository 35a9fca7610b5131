"""Ports for the kernels of Jupyter that no server of a test is given.

Jupyter finds five free ports and lets them go; its kernel takes them a second later. Meanwhile a test beside
it that asks for any free port may be given one of these: then the kernel does not start, and that test hears
the greeting of ZeroMQ. Systems give such ports from 32768 on, or higher: kernels get theirs below.
"""

from __future__ import annotations

import random
import socket
from typing import Any

BELOW = range(20_000, 32_000)


def set_apart() -> None:
    """From now on, for each kernel that this process starts."""
    from jupyter_client.connect import LocalPortCache

    def find_available_port(cache: Any, ip: str) -> int:
        for port in iter(lambda: random.choice(BELOW), None):
            if port not in cache.currently_used_ports and _is_free(ip, port):
                cache.currently_used_ports.add(port)
                return port
        raise AssertionError

    LocalPortCache.find_available_port = find_available_port  # type: ignore[method-assign]


def _is_free(ip: str, port: int) -> bool:
    try:
        with socket.socket() as tried:
            tried.bind((ip, port))
    except OSError:
        return False
    return True
