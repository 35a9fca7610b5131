"""A disk that forgets: bytes that were written and not synced are lost with the power, or some of them.

::

    SQLite ── write ──► Disk: since the last sync  ── sync ──► Disk: synced
                              each write is lost, or not       always there          cut(folder)

``kill -9`` does not show this, because the operating system keeps what a dead process wrote. SQLite writes
through a VFS of apsw to real files; beside them `Disk` notes what a drive could still have after a power cut.
Needs apsw. Knows nothing of logs.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from pathlib import Path

try:
    import apsw
except ImportError as error:  # SQLite with files of our own: the standard library's has none
    raise ImportError("the power cut needs apsw: pip install apsw") from error


class Disk:
    """The bytes that were synced, and the writes since, of each file.

    >>> disk = Disk()
    >>> disk.write("log", 0, b"kept")
    >>> disk.sync("log")
    >>> disk.write("log", 4, b", or not")
    >>> disk.left(lambda: 0.9)
    {'log': b'kept'}
    """

    def __init__(self) -> None:
        self.syncs = 0
        self._synced: dict[str, bytearray] = {}
        self._writes: dict[str, list[tuple[int, bytes | None]]] = {}
        self._lock = threading.Lock()  # one thread writes while another one cuts

    def write(self, name: str, offset: int, data: bytes | None) -> None:
        """Bytes that are not synced yet; None: the file ends at ``offset``."""
        with self._lock:
            self._writes.setdefault(name, []).append((offset, data))

    def sync(self, name: str) -> None:
        """Keep from now on all that was written of this file."""
        with self._lock:
            self.syncs += 1
            _apply(self._synced.setdefault(name, bytearray()), self._writes.pop(name, []))

    def delete(self, name: str) -> None:
        """The file is gone."""
        with self._lock:
            self._synced.pop(name, None)
            self._writes.pop(name, None)

    def left(self, chance: Callable[[], float]) -> dict[str, bytes]:
        """The files after a power cut: all that was synced, and each later write or not.

        ``chance``: numbers from 0 to 1; a write is lost where it is 0.5 or more.
        """
        with self._lock:
            return {name: self._image(name, chance) for name in sorted({*self._synced, *self._writes})}

    def cut(self, chance: random.Random, folder: Path) -> None:
        """Write to ``folder`` what is left."""
        for name, image in self.left(chance.random).items():
            (folder / name).write_bytes(image)

    def _image(self, name: str, chance: Callable[[], float]) -> bytes:
        image = bytearray(self._synced.get(name, b""))
        _apply(image, [write for write in self._writes.get(name, []) if chance() < 0.5])
        return bytes(image)


class ForgetfulVFS(apsw.VFS):
    """SQLite's files on a `Disk`. Registered under ``name`` until `unregister`."""

    def __init__(self, name: str, disk: Disk) -> None:
        self.disk = disk
        super().__init__(name, "")

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> _ForgetfulFile:
        """A file that tells the disk."""
        return _ForgetfulFile(self.disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        """Delete a file, on the disk too."""
        super().xDelete(filename, syncdir)
        self.disk.delete(os.path.basename(filename))


class _ForgetfulFile(apsw.VFSFile):
    def __init__(self, disk: Disk, name: apsw.URIFilename | str | None, flags: list[int]) -> None:
        super().__init__("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        self._disk, self._name = disk, os.path.basename(path)

    def xWrite(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self._disk.write(self._name, offset, bytes(data))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._disk.write(self._name, newsize, None)

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._disk.sync(self._name)


def _apply(image: bytearray, writes: list[tuple[int, bytes | None]]) -> None:
    for offset, data in writes:
        if data is None:
            del image[offset:]
            continue
        image.extend(bytes(max(0, offset - len(image))))
        image[offset : offset + len(data)] = data
