"""The commands of ``python -m wsdemo``, a module each: ``add`` declares its options, ``run`` executes it.

Read `shared` and `streams` (their parts) first; then any of `timeserver`, `echo`, `talk`, `sniff`, `doctor`,
`lessons`, `progress`, `bench`, `compare`, `demo`.
"""
