"""What went over the wire: the recorder, and what can be read out of its record.

Read in this order: recorder, fields, packets, lengths, readers, dissect; then redact, files, pcap, record.
"""

from wsdemo.trace.recorder import TO_CLIENT, TO_SERVER, Chunk, Mark, Tap, Trace

__all__ = ["TO_CLIENT", "TO_SERVER", "Chunk", "Mark", "Tap", "Trace"]
