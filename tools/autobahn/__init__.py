"""Conformance: the Autobahn|Testsuite plays the other end, correct and not, and judges what wsdemo does.

::

    role server    wstest as fuzzing client  ──►  python -m wsdemo echo
    role client    python -m tools.autobahn.client  ──►  wstest as fuzzing server

`python -m tools.autobahn` runs both roles; `install` brings wstest, which is Python 2.7 code.
"""
