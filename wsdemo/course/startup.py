"""What a kernel of the course runs first: `make lab` names this file in PYTHONSTARTUP."""


def _start() -> None:
    try:
        from wsdemo.course import restart
    except ImportError:  # a kernel of another environment
        return
    shell = globals().get("get_ipython")  # a terminal's Python has none
    if shell is not None:
        restart.install(shell())


_start()
del _start
