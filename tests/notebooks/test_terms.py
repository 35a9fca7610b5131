"""A term is defined where it first appears in the course: in that paragraph it stands in *italics*."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tools import notebooks
from wsdemo.course import exercises

#: Each term as a regular expression, and the lesson that defines it.
TERMS = {
    "clients?": "00",
    "servers?": "00",
    "frames?": "00",
    "bytes?": "00",
    "bits?": "00",
    "encoding": "00",
    "kernel": "00",
    "subprotocols?": "00",
    "handshake": "00",
    "TCP": "00",
    "port": "01",
    "address": "01",
    "listens?": "01",
    "accepts?": "01",
    "socket": "01",
    "thread": "01",
    "loopback": "01",
    "payload": "01",
    "framing": "01",
    "buffer": "01",
    "blocks?": "02",
    "FIN": "02",
    "RST": "02",
    "handler": "02",
    "URL": "03",
    "TLS": "03",
    "proxy|proxies": "03",
    "base64": "03",
    "hash": "03",
    "nonce": "03",
    "cache": "03",
    "cookies?": "03",
    "extensions?": "03",
    "tokens?": "03",
    "origin": "03",
    "same-origin policy": "03",
    "status": "03",
    "masked": "04",
    "firewall": "04",
    "close codes?": "04",
    "load balancer": "05",
    "cache poisoning": "05",
    "control frames?": "06",
    "median": "08",
    "percentile": "08",
    "segment": "08",
    "round trip": "08",
    "QUIC": "08",
    "ECDF": "08",
    "coordinated omission": "08",
    "DEFLATE": "09",
    "deflate bomb": "09",
    "conflation": "10",
    "confirmations?": "11",
    "checkpoint": "11",
    "group commit": "11",
    "transactions?": "11",
    "go-back-N": "11",
    "idempotency key": "11",
    "exponential backoff": "11",
    "jitter": "11",
    "thundering herd": "11",
    "mailbox|mailboxes": "11",
    "heartbeats?": "12",
    "typed array": "12",
    "cross-site scripting": "12",
    "escaped": "12",
    "certificates?": "13",
    "authority": "13",
    "JWT": "13",
    "revocation": "13",
    "mutual TLS": "13",
    "scrypt": "13",
    "end-to-end": "13",
    "forward secrecy": "13",
    "Slowloris": "14",
    "amplifier": "14",
    "token bucket": "14",
    "brokers?": "15",
    "nodes?": "15",
    "soft state": "15",
    "replicas": "15",
    "drain": "15",
    "volatile": "15",
    "CRDT": "16",
    "snapshot": "16",
    "datagrams?": "16",
    "last will": "16",
}


class Paragraph(NamedTuple):
    lesson: str
    cell: str
    text: str


def prose() -> Iterator[Paragraph]:
    """What is read, in the order of the course, after the overview at the top of each lesson.

    No headings, tables, code, links to other lessons, folded answers.
    """
    for path in notebooks.lessons():
        for cell in notebooks.read(path).cells[1:]:
            if cell.cell_type != "markdown":
                continue
            text = re.sub(r"(?s)<details>.*?</details>|```.*?```", "", cell.source)
            for paragraph in re.split(r"\n\s*\n|\n(?=[-\d])", text):
                if not paragraph.startswith(("#", "|")):
                    words = re.sub(r"\[[^\]]*\]\([^)]*ipynb\)|(?<=\])\([^)]*\)|`[^`\n]*`", "", paragraph)
                    yield Paragraph(path.name[:2], cell.id, words)


PROSE = list(prose())


@pytest.mark.parametrize("term", TERMS)
def test_a_term_is_defined_where_it_first_appears(term: str) -> None:
    word = re.compile(rf"(?<![\w-])(?:{term})(?![\w-])", re.IGNORECASE if term.islower() else 0)
    first = next(paragraph for paragraph in PROSE if word.search(paragraph.text))
    emphasised = re.findall(r"\*([^*]+)\*", first.text.replace("**", ""))
    assert any(word.search(words) for words in emphasised), f"{first.lesson}, {first.cell}: {first.text}"
    assert first.lesson == TERMS[term]


def test_a_kernel_is_jupyters_and_nothing_else() -> None:
    """The core of the operating system is called 'the operating system': one word, one meaning."""
    for lesson, cell, text in PROSE:
        if lesson != "00" and re.search(r"\bkernels?\b", text, re.IGNORECASE):
            assert re.search(r"notebook|Jupyter", text), f"lesson {lesson}, {cell}: {text}"


def test_the_text_diagrams_and_comments_of_lessons_keep_to_that() -> None:
    for path in notebooks.lessons():
        if path.name.startswith("00"):
            continue
        for cell in notebooks.read(path).cells:
            own = (
                cell.source
                if cell.cell_type == "code"
                else "\n".join(re.findall(r"(?s)```.*?```", cell.source))
            )
            assert not re.search(r"(?<!_)\bkernel", own), f"{path.name}, {cell.id}"


def test_what_lessons_print_and_their_checks_say_keeps_to_that_too() -> None:
    for path in notebooks.lessons():
        if path.name.startswith("00"):
            continue
        said = [
            output.get("text", "") + output.get("data", {}).get("text/plain", "")
            for cell in notebooks.read(path).cells
            for output in cell.get("outputs", ())
        ]
        checks = Path(exercises.__file__).with_name(f"lesson_{path.name[:2]}.py").read_text("utf-8")
        for text in (*said, checks):
            assert not re.search(r"(?<!_)\bkernel", text), f"{path.name}: {text}"
