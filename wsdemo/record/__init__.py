"""The record of a wire: bytes and times, without a meaning. Read `facts`, then `record`."""

from wsdemo.record.facts import TO_CLIENT, TO_SERVER, Chunk, Mark
from wsdemo.record.record import Record, Tap

__all__ = ["TO_CLIENT", "TO_SERVER", "Chunk", "Mark", "Record", "Tap"]
