"""What a kernel of the course runs first: PYTHONSTARTUP names this file."""

from wsdemo.course import restart as _restart

if "get_ipython" in globals():
    _restart.install(get_ipython())  # type: ignore[name-defined] # noqa: F821
del _restart
