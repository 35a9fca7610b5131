"""What lessons claim in words, or build in cells, where no stored output shows it."""

from __future__ import annotations

import ast
import contextlib
import random
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import DEADLINE
from tools import notebooks
from wsdemo.protocol import handshake
from wsdemo.protocol.masking import mask


def lesson(number: int) -> Path:
    return next(path for path in notebooks.lessons() if path.name.startswith(f"{number:02}"))


def defined(number: int, *names: str, **given: Any) -> dict[str, Any]:
    """These functions and constants of a lesson, as its cells define them, beside what is given."""
    namespace = dict(given)
    for cell in notebooks.read(lesson(number)).cells:
        if cell.cell_type == "code":
            for node in ast.parse(cell.source).body:
                if names_of(node) & set(names):
                    exec(ast.unparse(node), namespace)
    assert set(names) <= set(namespace)
    return namespace


def names_of(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def test_an_impostor_without_a_client_does_not_hang() -> None:
    tools = {"contextlib": contextlib, "socket": socket, "threading": threading}
    impostor = defined(3, "read_head", "impostor", **tools)["impostor"]
    ended = threading.Event()

    def body() -> None:
        with contextlib.suppress(KeyError), impostor(lambda request: b"HTTP/1.1 101") as url:
            assert url.startswith("ws://127.0.0.1:")
            raise KeyError("a slip in the cell, before anybody connects")
        ended.set()

    threading.Thread(target=body, daemon=True).start()
    assert ended.wait(DEADLINE)


def test_an_impostor_reads_a_whole_head_however_it_comes() -> None:
    tools = {"contextlib": contextlib, "socket": socket, "threading": threading}
    impostor = defined(3, "read_head", "impostor", **tools)["impostor"]
    with impostor(lambda request: b"%d bytes" % len(request)) as url:
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=DEADLINE) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\n")
            sock.sendall(b"Host: a\r\n\r\n")
            assert sock.recv(100) == b"27 bytes"


FIVE = ("accept_key", "has_token", "refuse_version", "choose_subprotocol", "split_head")


@pytest.mark.parametrize("written", [(), FIVE, *[(name,) for name in FIVE]])
def test_the_servers_side_is_made_of_the_learners_own_five(written: tuple[str, ...]) -> None:
    """Each is asked where it is written; where it is not, ours stands in, and is named."""
    asked: set[str] = set()

    def own(name: str, right: Any) -> Any:
        def answer(*given: Any) -> Any:
            if name not in written:
                raise NotImplementedError
            asked.add(name)
            return right(*given)

        answer.__name__ = name
        return answer

    rights = (
        handshake.accept_key,
        lambda value, token: token in value.lower(),
        lambda version: None if version == "13" else b"HTTP/1.1 426 mine\r\n\r\n",
        lambda offered, spoken: "chat.v1" if offered else None,
        lambda data: (data, b""),
    )
    learners = {name: own(name, right) for name, right in zip(FIVE, rights, strict=True)}
    parts = ("own", "respond", "UPGRADE", "EMPTY", "OLD_VERSION", "words", "first_spoken", "stand_ins")
    built = defined(
        3,
        *parts,
        "split",
        "has",
        "refuse",
        "prove",
        "choose",
        "fields_of",
        "answer",
        **learners,
        handshake=handshake,
    )
    request = handshake.request("ws://127.0.0.1/", subprotocols=["chat.v2", "chat.v1"]).raw
    response = built["answer"](request)
    assert response.startswith(b"HTTP/1.1 101") and b"Sec-WebSocket-Protocol: chat.v1\r\n" in response
    assert built["answer"](request.replace(b"Version: 13", b"Version: 8")).startswith(b"HTTP/1.1 426")
    assert asked == set(written)
    assert built["stand_ins"] == set(FIVE) - set(written)


def test_a_frame_of_a_mebibyte_holds_so_many_tries() -> None:
    """Lesson 05: copies of the request, each masked beforehand for another key; one fits, and is readable."""
    evil = defined(5, "EVIL")["EVIL"].encode()
    spacing = -(-len(evil) // 4) * 4
    copies = (1 << 20) // spacing
    assert (spacing, copies) == (48, 21_845)
    assert f"{copies:,} of them" in "".join(cell.source for cell in notebooks.read(lesson(5)).cells)
    rng = random.Random(5)
    keys = [rng.randbytes(4) for _ in range(copies)]
    payload = b"".join(mask(evil, key).ljust(spacing) for key in keys)
    drawn = keys[12_345]
    assert mask(payload, drawn).find(evil) == 12_345 * spacing
    assert evil not in mask(payload, bytes(4))


def test_the_bytes_of_a_word_add_up() -> None:
    """Lesson 00: letters of ASCII and a space, one each, two for é, four for the hand."""
    word = "héllo 👋"
    text = "".join(cell.source for cell in notebooks.read(lesson(0)).cells)
    plain = sum(letter.isascii() and letter.isalpha() for letter in word)
    count = ("no", "one", "two", "three", "four", "five")[plain]
    assert f'type_a_word("{word}")' in text
    told = (
        f"Eleven bytes: the {count} letters of plain English (ASCII) and the space take one each, `é` takes"
    )
    assert told in text
    assert (plain + 1 + 2 + 4, len(word.encode())) == (11, 11)


def test_lesson_15_counts_the_cells_that_use_a_real_nats() -> None:
    cells = notebooks.read(lesson(15)).cells
    using = sum(cell.cell_type == "code" and "find() is None" in cell.source for cell in cells)
    count = ("No", "One", "Two", "Three")[using]
    assert f"{count} cells use a real NATS where one is installed" in cells[0].source


#: Facts that were once told wrongly or not at all, by lesson: where the words change, the fact must stay.
FACTS = [
    (0, "two, four bytes each: the *regional indicators*"),
    (0, "`iopub`, everyone who is connected to the kernel hears"),
    (1, "| that everything arrives, or that you hear of it if not (lesson 07) |"),
    (1, "What will a receiver take for the third header?"),
    (2, "a machine that has lost its power answers nothing at all"),
    (3, "*local network access*"),
    (3, "[RFC 8441](https://www.rfc-editor.org/rfc/rfc8441) for HTTP/2, [RFC 9220]"),
    (4, "21 change one letter and 7 change two"),
    (7, "60 seconds on Linux"),
    (7, "| 1001 | going away: a server shuts down, a browser leaves the page |"),
    (7, "nginx 60 s"),
    (7, "AWS's load balancer (ALB) 60 s, Cloudflare 100 s"),
    (7, "a tab in the background"),
    (7, "self.server.kill()  # SIGKILL"),
    (8, "Delays count from when an event was due; a percentile needs ten events beyond it"),
    (9, "*An endpoint MUST NOT set the 'Per-Message Compressed' bit of control frames and non-first"),
    (9, "2 to the power of 8 to 15 bytes"),
    (9, "A window of 12 bits has nearly all of the gain"),
    (
        9,
        "CRIME (2012), which ended compression in TLS, and BREACH (2013), the same against the compressed",
    ),
    (8, "the events of the stall come late, each by what was left of it"),
    (10, "| **close** | when she has read what waited |"),
    (14, "[RFC 7692 §8](https://www.rfc-editor.org/rfc/rfc7692#section-8)"),
    (15, "The length is checked nowhere"),
    (16, '"The server MUST close the connection upon receiving a frame that is not masked"'),
]
#: Idioms that a learner would have to guess.
IDIOMS = ("ends it all", "bad conscience", "what stands still", "on one heap")


@pytest.mark.parametrize(("number", "words"), FACTS)
def test_a_lesson_tells_the_fact(number: int, words: str) -> None:
    text = " ".join(" ".join(cell.source for cell in notebooks.read(lesson(number)).cells).split())
    assert " ".join(words.split()) in text


@pytest.mark.parametrize("words", IDIOMS)
def test_no_lesson_has_the_idiom(words: str) -> None:
    for path in notebooks.lessons():
        assert words not in " ".join(path.read_text(encoding="utf-8").lower().split())
