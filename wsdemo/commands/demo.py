"""``demo``: an application in miniature, with the policy that its messages need."""

from __future__ import annotations

import argparse

from wsdemo.commands.shared import OK, Commands, Failure, listening_port, sleep_until
from wsdemo.words import printable


def add(commands: Commands) -> None:
    """``demo [NAME] [--page [--port N]]``"""
    command = commands.add_parser("demo", help="an application in miniature: chat, ticker, game, document …")
    command.add_argument("name", nargs="?", type=demo, metavar="NAME", help="none: a list of all")
    command.add_argument("--page", action="store_true", help="ticker and game: as pictures, in a browser")
    command.add_argument("--port", type=listening_port, default=8000, help="of the page: %(default)s; 0: any")
    command.set_defaults(run=run)


def demo(text: str) -> str:
    """The name of a demo.

    >>> demo("chess")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: no demo 'chess', there are chat, ticker, game, document, sensors, payment
    """
    from wsdemo.demos.running import DEMOS

    if text not in DEMOS:
        raise argparse.ArgumentTypeError(f"no demo {text!r}, there are {', '.join(DEMOS)}")
    return text


def run(options: argparse.Namespace) -> int:
    """Tell the story, or list all uses. Raises Failure for a missing library, or no picture."""
    from wsdemo.demos import running
    from wsdemo.demos.policies import USES

    if options.name is None:
        for use in USES:
            print(f"{use.demo or '–':9} {use.name}: {use.messages}. Why? {use.reason}.")
        return OK
    if options.page:
        return _show(options.name, options.port)
    try:
        story = running.run(options.name)
    except RuntimeError as error:
        raise Failure(str(error)) from None
    for line in story:
        print(printable(line), flush=True)
    return OK


def _show(name: str, port: int) -> int:
    """A demo on its page, until Ctrl-C."""
    from wsdemo.demos.onpage import on_page

    try:
        with on_page(name, port) as chat:
            print(f"{name} on {chat.url}; Ctrl-C ends it", flush=True)
            sleep_until(lambda: False)
    except ValueError as error:
        raise Failure(str(error)) from None
    return OK
