"""The meaning of a record: packets, fields, files and captures.

Read in this order: trace, fields, heads, tokens, packets, lengths, readers, dissect; overwrite, redact,
files, pcap, capture.
"""

from wsdemo.record.facts import TO_CLIENT, TO_SERVER, Chunk, Mark
from wsdemo.record.record import Tap
from wsdemo.trace.trace import Trace

__all__ = ["TO_CLIENT", "TO_SERVER", "Chunk", "Mark", "Tap", "Trace"]
