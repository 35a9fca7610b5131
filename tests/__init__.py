"""The tests mirror `wsdemo/` file for file; run them with `make test`."""
