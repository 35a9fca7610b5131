"""The menus draw the reader's line anew, and a use brings its answers."""

from __future__ import annotations

import pytest

from wsdemo import views
from wsdemo.views.diagrams.choice import QUESTIONS, USES, choice


def test_it_begins_with_the_answers_of_a_use() -> None:
    live = views.choosing("online game")
    start, *menus = live.controls
    assert start.value == "online game"
    assert tuple(menu.value for menu in menus) == USES["online game"]
    assert [menu.description for menu in menus] == [question.words for question in QUESTIONS]
    live.close()


def test_a_menu_draws_the_line_anew() -> None:
    live = views.choosing()
    _, first, *_ = live.controls
    first.value = 0
    assert live.text == choice((0, *USES["chat"][1:])).text
    live.close()


def test_another_use_brings_its_answers() -> None:
    live = views.choosing()
    start, *menus = live.controls
    start.value = "sensors"
    assert tuple(menu.value for menu in menus) == USES["sensors"]
    live.close()


def test_a_use_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no use 'chess', there are chat, stock ticker"):
        views.choosing("chess")
