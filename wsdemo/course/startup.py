"""The first code of every kernel of the course: `make lab` names this file in PYTHONSTARTUP."""


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
