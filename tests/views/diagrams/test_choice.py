"""Six questions: each line passes through its answers, and comes out at what the rules say."""

from __future__ import annotations

import itertools

import pytest

from tests.views.seen import seen, within
from wsdemo.views.diagrams.choice import BOX, QUESTIONS, USES, WAYS, choice, recommend


def test_the_six_uses_come_out_where_they_should() -> None:
    assert {name: recommend(answers).way for name, answers in USES.items()} == {
        "chat": "WebSocket",
        "stock ticker": "SSE",
        "online game": "WebSocket",
        "shared document": "WebSocket",
        "sensors": "MQTT",
        "payments": "a broker, or gRPC",
    }


def test_every_answer_leads_somewhere() -> None:
    every = itertools.product(*(range(len(question.answers)) for question in QUESTIONS))
    assert {recommend(answers).way for answers in every} == set(WAYS)


def test_each_answer_can_change_the_recommendation() -> None:
    """A question that changes nothing is no question."""
    base = USES["chat"]
    for place, question in enumerate(QUESTIONS):
        found = {
            recommend((*base[:place], answer, *base[place + 1 :])) for answer in range(len(question.answers))
        }
        assert len(found) > 1, question.words


def test_a_line_passes_through_the_middle_of_its_boxes() -> None:
    page = seen(choice((2, 0, 1, 1, 1, 2), uses={}))
    within(page)
    for words in ("both", "browsers", "several", "yours"):
        page.find(words)
    boxes = [box for box in page.boxes if box.width == BOX]
    assert len(boxes) == sum(len(question.answers) for question in QUESTIONS)


def test_the_text_says_the_same() -> None:
    text = choice((1, 0, 0, 2, 0, 0)).text
    assert "yours: only the server · browsers · no, a newer one comes · less · one process · nothing" in text
    assert "─► SSE; volatile" in text


@pytest.mark.parametrize(
    ("given", "words"), [((1, 2), "2 answers, expected 6"), ((3, 0, 0, 0, 0, 0), "0 to 2")]
)
def test_answers_that_do_not_exist(given: tuple[int, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        choice(given)
