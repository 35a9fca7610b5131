"""Tools for the people who write wsdemo; nothing of it is installed."""
