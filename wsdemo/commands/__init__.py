"""The commands of ``python -m wsdemo``, a module each: ``add`` gives its options, ``run`` does it."""
