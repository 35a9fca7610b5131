"""The commands of ``python -m wsdemo``, a module each: ``add`` declares its options, ``run`` executes it."""
