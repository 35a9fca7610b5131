"""The benchmark: every claim about speed measured in one run, beside others, as a ratio to plain TCP.

::

    run ── for each row: a server process for each contestant
             round 1   A B C …      one after the other, so that a busy moment
             round 2   B C … A      of the machine hits all of them
             …                      ──► ratios round by round ──► median and spread ──► table, JSON, picture

In reading order: plain (TCP, the measure of all) · peers (the servers) · served (their processes) ·
raw (the one client for all of them) · measures (the work of one round) · rows (the claims) · run · report.
"""
