"""What a record means: its packets, and what can be written to files.

Read in this order: trace, fields, packets, lengths, readers, dissect; then redact, files, pcap, capture.
"""

from wsdemo.record.facts import TO_CLIENT, TO_SERVER, Chunk, Mark
from wsdemo.record.record import Tap
from wsdemo.trace.trace import Trace

__all__ = ["TO_CLIENT", "TO_SERVER", "Chunk", "Mark", "Tap", "Trace"]
