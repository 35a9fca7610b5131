"""``chat``: the chat of `wsdemo.chat`, with its page."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import ipaddress
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from wsdemo.commands.shared import HOST, OK, Commands, Failure, endpoint, listening_port, seconds, sleep_until

if TYPE_CHECKING:
    import ssl

    from wsdemo.chat import Chat
    from wsdemo.patterns.entries import Done
    from wsdemo.patterns.natsserver import NatsServer

#: Seconds over which the clients leave, after SIGTERM: less than the ten that most service managers wait.
DRAIN: Final = 8.0


def add(commands: Commands) -> None:
    """``chat [--host H] [--port N] [--db FILE] [--accounts FILE] [--guests] [--origins ORIGIN …] …``"""
    command = commands.add_parser("chat", help="rooms, mailboxes and a page to use them")
    command.add_argument(
        "--host", default=HOST, help="address to listen on (%(default)s; 0.0.0.0: all of IPv4)"
    )
    command.add_argument("--port", type=listening_port, default=8000, help="%(default)s; 0: any free one")
    command.add_argument("--db", metavar="FILE", help="keep the messages in this file; else in memory")
    command.add_argument(
        "--guests", action="store_true", help="a name is enough to log in, from other machines too"
    )
    command.add_argument(
        "--origins", nargs="+", metavar="ORIGIN", help="pages that may connect, with a token"
    )
    command.add_argument(
        "--public-origin", metavar="ORIGIN", help="of our own pages, where a proxy ends TLS: https://HOST"
    )
    command.add_argument("--certificate", metavar="FILE", help="PEM with certificates and key, for https://")
    command.add_argument(
        "--client-ca", metavar="FILE", help="PEM; clients need a certificate of this authority"
    )
    command.add_argument("--accounts", metavar="FILE", help="users with passwords; see the next two")
    command.add_argument("--add-user", metavar="NAME", help="ask for a password, store it, and end")
    command.add_argument("--revoke", metavar="NAME", help="end all sessions of a user, and end")
    command.add_argument(
        "--drain", type=seconds, default=DRAIN, metavar="SECONDS", help="for the end by SIGTERM (%(default)g)"
    )
    command.add_argument(
        "--lame-duck",
        type=lambda text: 0.0 if text == "0" else seconds(text),
        default=0.0,
        metavar="SECONDS",
        help="/health answers 503 this long before that, and all else goes on (%(default)g)",
    )
    command.add_argument(
        "--broker",
        metavar="NATS",
        help="one service of several processes: nats://HOST:PORT, of a cluster several with commas, or local "
        "to start a NATS (--db names its folder then)",
    )
    command.add_argument(
        "--replicas",
        type=int,
        choices=(1, 3, 5),
        help="servers of a cluster of NATS that keep the messages",
    )
    command.add_argument(
        "--new-epoch", action="store_true", help="after a copy of the messages was put back: readers are told"
    )
    command.add_argument("--promises", action="store_true", help="print what is promised, and end")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM, which drains, or Ctrl-C. Raises Failure."""
    from wsdemo.chat import Chat, Members
    from wsdemo.chat.promises import described

    if options.promises:
        print(described())
        return OK
    if options.add_user is not None or options.revoke is not None:
        return _change_accounts(options)
    if options.new_epoch:
        return _renew(options)
    if options.guests and options.accounts is not None:
        raise Failure(
            "--guests is a name without a password, --accounts are users with one: give one of them"
        )
    if not (options.guests or options.accounts is not None or _is_loopback(options.host)):
        raise Failure(
            f"--host {options.host} lets others in: add --accounts FILE, or --guests, where their name is "
            "enough to log in"
        )
    context = _context(options)
    with _broker(options) as shared, contextlib.ExitStack() as opened:
        try:
            members = Members(options.accounts) if options.accounts is not None else None
            opened.callback(members.close if members else lambda: None)
            chat = Chat(
                options.host,
                options.port,
                db=options.db,
                identity=members,
                origins=options.origins,
                public_origin=options.public_origin,
                ssl=context,
                **shared,
            )
        except (ValueError, ImportError) as error:
            raise Failure(str(error)) from None
        opened.pop_all()  # they are the chat's now
        with chat:
            _serve(chat, options.lame_duck, options.drain, greeting(chat, options))
    return OK


@contextlib.contextmanager
def _broker(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The log and the broker of a node, as arguments of `Chat`; none for a chat of one process."""
    if options.broker is None:
        if options.replicas is not None:
            raise Failure("--replicas is for --broker nats://HOST:PORT,…, of a cluster")
        yield {}
        return
    from wsdemo.patterns.jetstream import JetStreamLog
    from wsdemo.patterns.nats import Nats, NatsBroker

    kept = options.broker != "local" or options.db is not None
    with contextlib.ExitStack() as opened:
        if options.broker == "local":
            options.broker = opened.enter_context(_own_nats(options, opened)).url
        elif options.db is not None:
            raise Failure("--db FILE is for one process; with --broker the messages are in NATS")
        try:
            nats = opened.enter_context(Nats(options.broker))
        except ImportError as error:
            raise Failure(str(error)) from None

        def log(done: Done, call: Callable[..., object]) -> JetStreamLog:
            made = JetStreamLog(nats, done, call=call, replicas=options.replicas)
            made.durable = kept
            return made

        yield {
            "log": log,
            "broker": lambda call: NatsBroker(nats, call),
        }


def _own_nats(options: argparse.Namespace, opened: contextlib.ExitStack) -> NatsServer:
    from wsdemo.patterns.natsserver import NatsServer

    if options.db == "":
        raise Failure("--db '', expected a folder: NATS would keep the messages where you are")
    folder = options.db or opened.enter_context(tempfile.TemporaryDirectory())
    try:
        return NatsServer(folder)
    except FileNotFoundError as error:
        raise Failure(str(error)) from None


def _renew(options: argparse.Namespace) -> int:
    """Give the messages another epoch: a client that knows more of them than there are is told so."""
    from wsdemo.patterns.sqlitelog import renew

    if options.db is None and options.broker in (None, "local"):
        raise Failure(
            "--new-epoch needs --db FILE, or --broker nats://HOST:PORT: where the copy was put back"
        )
    try:
        with _broker(options) as shared:
            if shared:
                with shared["log"](lambda outcomes: None, lambda function, *args: function(*args)) as log:
                    log.renew()
            else:
                renew(options.db)
    except ValueError as error:
        raise Failure(str(error)) from None
    print("the messages have a new epoch: each client is told that they are others, and reads them anew")
    return OK


def _change_accounts(options: argparse.Namespace) -> int:
    """Add a user, or end the sessions of one; a chat that runs sees it within half a second."""
    import sqlite3

    from wsdemo.chat.identity import SERVER
    from wsdemo.patterns.accounts import Accounts

    if options.add_user == SERVER:
        raise Failure(f"{SERVER} is the name of the chat itself: choose another one")
    if options.accounts is None or None not in (options.add_user, options.revoke):
        raise Failure("--add-user and --revoke need --accounts FILE, and go one at a time")
    try:
        with Accounts(options.accounts) as accounts:
            if options.add_user is not None:
                accounts.store(options.add_user, _password(options.add_user)).result()
                done = f"{options.add_user} may log in"
            else:
                accounts.revoke(options.revoke).result()
                done = f"{options.revoke} has to log in again"
    except (ValueError, LookupError) as error:
        raise Failure(str(error)) from None
    except sqlite3.Error as error:  # the disk is full, or another process holds the file
        raise Failure(f"{options.accounts}: {error}") from None
    print(done)
    return OK


def _password(user: str) -> str:
    """A password, typed twice without being shown; from a pipe its first line."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    try:
        password = getpass.getpass(f"password of {user}: ")
        if password != getpass.getpass("again: "):
            raise Failure("these are two passwords: try again")
    except EOFError:  # Ctrl-D
        raise Failure("no password was given") from None
    return password


def _serve(chat: Chat, lame_duck: float, drain: float, lines: list[str]) -> None:
    """Say ``lines``, and wait for the end. A second signal ends the drain at once."""
    terminated: list[int] = []

    def terminate(number: int, frame: Any) -> None:
        if terminated:
            raise KeyboardInterrupt
        terminated.append(number)

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        for line in lines:
            print(line, flush=True)
        sleep_until(lambda: bool(terminated))
        chat.lame_duck()
        if lame_duck:
            print(f"/health answers 503, and the clients may stay for {lame_duck:g} seconds", flush=True)
        sleep_until(lambda: False, lame_duck)
        print("the clients are told to come back later; a second signal ends it at once", flush=True)
        # In a thread: an exception in `join` makes Python 3.11 take the joined thread for ended, and so the
        # process would end before the clients have heard of it.
        draining = threading.Thread(target=chat.rooms.drain, args=(drain,), daemon=True)
        draining.start()
        sleep_until(lambda: not draining.is_alive())
    finally:
        signal.signal(signal.SIGTERM, before)


def greeting(chat: Chat, options: argparse.Namespace) -> list[str]:
    """The lines that say where it is, and what is not there."""
    lines = [f"chat on {chat.url}; Ctrl-C ends it"]
    if options.broker is not None:
        from wsdemo.patterns.nats import without_passwords

        broker = without_passwords(options.broker)
        lines.append(f"one node of {broker}; the next one: chat --port 0 --broker {broker}")
    if options.db is None and options.broker is None:
        lines.append("messages are in memory: --db FILE keeps them")
    elif not chat.log.durable:
        lines.append("messages end with this process: --db FOLDER keeps them")
    if not _is_loopback(options.host):
        lines.append(f"for others: {_for_others(chat, options)}")
        if options.certificate is None:
            lines.append(
                "plain HTTP: all on the way can read and change it, and browsers there have no Web Locks "
                "(a duplicated tab is found later) and no WebCrypto (no sealed messages): --certificate FILE"
            )
    return lines


def _for_others(chat: Chat, options: argparse.Namespace) -> str:
    scheme = "https" if options.certificate else "http"
    host = options.host
    if ipaddress.ip_address(socket.gethostbyname(host) if ":" not in host else host).is_unspecified:
        host = own_address(host)
    return f"{scheme}://{endpoint(host, chat.server.port)}/"


def own_address(host: str) -> str:
    """The address of this machine in its network, from the routing table: no packet leaves."""
    family, there = (socket.AF_INET6, "2001:db8::1") if ":" in host else (socket.AF_INET, "192.0.2.1")
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect((there, 9))  # addresses for documentation (RFC 5737, RFC 3849)
        except OSError:
            return socket.gethostname()  # in no network
        return str(sock.getsockname()[0])


def _is_loopback(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host or "0.0.0.0", None)
    except (OSError, UnicodeError):
        return True  # the server itself says what is wrong with it
    return all(ipaddress.ip_address(str(where[4][0]).partition("%")[0]).is_loopback for where in found)


def _context(options: argparse.Namespace) -> ssl.SSLContext | None:
    if options.certificate is None:
        if options.client_ca is not None:
            raise Failure("--client-ca needs --certificate FILE, for the server")
        return None
    import ssl

    def password() -> str:  # else OpenSSL asks for one, and a service waits for ever
        raise Failure(f"{options.certificate}: its key needs a password: store it without one")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load = partial(context.load_cert_chain, password=password)
    _load(options.certificate, "certificate with its key", load)
    if options.client_ca is not None:
        _load(options.client_ca, "certificate", context.load_verify_locations)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _load(path: str, what: str, load: Callable[[str], object]) -> None:
    import ssl

    try:
        load(path)
    except ssl.SSLError as error:
        raise Failure(f"{path}: no {what} in PEM" + (f": {error.reason}" if error.reason else "")) from None
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from None
