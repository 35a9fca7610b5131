"""A disk that forgets: what was written and not synced is lost with the power, or some of it, in any order.

``kill -9`` does not show this, because the kernel keeps what a dead process wrote. SQLite writes through a
VFS of apsw to real files; beside them `Disk` notes what a drive could still have after a power cut.
"""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path

import apsw


class Disk:
    """The bytes that were synced, and the writes since, of each file."""

    def __init__(self):
        self.syncs = 0
        self._synced: dict[str, bytearray] = {}
        self._writes: dict[str, list[tuple[int, bytes | None]]] = {}
        self._lock = threading.Lock()  # the log's thread writes while the test cuts

    def write(self, name, offset, data):
        with self._lock:
            self._writes.setdefault(name, []).append((offset, data))

    def sync(self, name):
        with self._lock:
            self.syncs += 1
            _apply(self._synced.setdefault(name, bytearray()), self._writes.pop(name, []))

    def delete(self, name):
        with self._lock:
            self._synced.pop(name, None)
            self._writes.pop(name, None)

    def cut(self, chance: random.Random, folder: Path):
        """Write to ``folder`` what is left: all that was synced, and each later write or not."""
        with self._lock:
            for name in {*self._synced, *self._writes}:
                image = bytearray(self._synced.get(name, b""))
                _apply(image, [write for write in self._writes.get(name, []) if chance.random() < 0.5])
                (folder / name).write_bytes(image)


def _apply(image: bytearray, writes):
    for offset, data in writes:
        if data is None:
            del image[offset:]
            continue
        image.extend(bytes(max(0, offset - len(image))))
        image[offset : offset + len(data)] = data


class ForgetfulVFS(apsw.VFS):
    """SQLite's files on a `Disk`. Registered under ``name`` until `unregister`."""

    def __init__(self, name: str, disk: Disk):
        self.disk = disk
        super().__init__(name, "")

    def xOpen(self, name, flags):
        return _File(self.disk, name, flags)

    def xDelete(self, name, sync_folder):
        super().xDelete(name, sync_folder)
        self.disk.delete(os.path.basename(name))


class _File(apsw.VFSFile):
    def __init__(self, disk, name, flags):
        super().__init__("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        self._disk, self._name = disk, os.path.basename(path)

    def xWrite(self, data, offset):
        super().xWrite(data, offset)
        self._disk.write(self._name, offset, bytes(data))

    def xTruncate(self, size):
        super().xTruncate(size)
        self._disk.write(self._name, size, None)

    def xSync(self, flags):
        super().xSync(flags)
        self._disk.sync(self._name)
