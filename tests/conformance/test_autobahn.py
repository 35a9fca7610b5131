"""The Autobahn|Testsuite finds nothing: not a failure, not a liberty. (All 517 cases: `make conformance`.)"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import needs
from tools.autobahn import install, suite
from tools.autobahn.suite import Outcome

#: Of the compressed conversations, a thousand messages each: small, middle, and in fragments, for each kind
#: of payload (12) and of negotiated parameters (13); and one with the largest messages of each.
SAMPLE = [
    *(
        f"{section}.{kind}.{case}"
        for section, kinds in ((12, 5), (13, 7))
        for kind in range(1, kinds + 1)
        for case in (1, 5, 11)
    ),
    "12.1.18",
    "13.1.18",
]
SECTIONS = {
    "framing to closing": ([f"{section}.*" for section in range(1, 8)], 246),
    "limits and the rest": (["9.*", "10.*"], 55),
    "compression, a sample": (SAMPLE, 38),
}


@pytest.fixture(scope="module")
def wstest() -> Path:
    return install.wstest()


@needs.python27
@pytest.mark.timeout(600)  # wstest is installed first, if it is not there
@pytest.mark.parametrize("role", suite.ROLES)
@pytest.mark.parametrize("sections", SECTIONS)
def test_every_case_is_passed_strictly(role: suite.Role, sections: str, wstest: Path, tmp_path: Path) -> None:
    cases, count = SECTIONS[sections]
    outcome = suite.run(role, wstest, tmp_path / role, cases, timeout=500)
    assert (outcome.faults, len(outcome.planned)) == ([], count)


# -- the judge -----------------------------------------------------------------------------------------------

VERDICTS = [
    ("1.1.1", "OK", "OK", True),
    ("1.1.1", "NON-STRICT", "OK", False),
    ("1.1.1", "FAILED", "OK", False),
    ("1.1.1", "UNIMPLEMENTED", "OK", False),
    ("1.1.1", "OK", "WRONG CODE", False),
    ("1.1.1", "OK", "FAILED", False),
    ("1.1.1", "OK", "UNCLEAN", False),
    ("1.1.1", "INFORMATIONAL", "OK", False),
    ("7.13.1", "INFORMATIONAL", "INFORMATIONAL", True),
    ("7.13.1", "FAILED", "INFORMATIONAL", False),
]


@pytest.mark.parametrize(("case", "behavior", "closing", "passed"), VERDICTS)
def test_only_strictly_passed_is_passed(case: str, behavior: str, closing: str, passed: bool) -> None:
    outcome = Outcome("server", (case,), {case: (behavior, closing)}, 1.0, Path("index.html"))
    assert outcome.faults == ([] if passed else [f"server {case}: {behavior}, closing: {closing}"])
    assert ("all passed" if passed else "1 NOT PASSED") in str(outcome)


def test_a_case_without_result_is_a_fault() -> None:
    outcome = Outcome("client", ("1.1.1", "1.1.2"), {"1.1.2": ("OK", "OK")}, 61.4, Path("index.html"))
    assert outcome.faults == ["client 1.1.1: MISSING, closing: MISSING"]
    assert str(outcome) == "client: 2 cases, 1 NOT PASSED (1 MISSING, 1 OK), 61 s: index.html"


def test_no_cases_are_not_a_success() -> None:
    assert "all passed" not in str(Outcome("client", (), {}, 0.0, Path("index.html")))
