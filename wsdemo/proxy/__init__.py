"""Between two ends: a relay that passes bytes on, a sniffer that records them, chaos that mistreats them.

Read `relay` first, then `sniffer` and `chaos`, which build on it.
"""
