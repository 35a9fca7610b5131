"""The ticker and the game on the page: what is drawn, and what is said of it; keys; losses; and axe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests import needs
from tests.web.users import User, violations
from wsdemo.demos import game, ticker
from wsdemo.demos.game import Referee, board
from wsdemo.demos.gathering import Gathering
from wsdemo.demos.ticker import StockExchange

pytestmark = needs.chromium


@pytest.fixture
def exchange() -> Iterator[StockExchange]:
    with StockExchange() as made:
        made.guest("bob", ticker.ROOM)
        yield made


@pytest.fixture
def playing() -> Iterator[Gathering]:
    with Gathering(pictures={game.ROOM: "field"}) as made:
        yield made


def enter(gathering: Gathering, user: User, name: str = "ann") -> User:
    """A user whose page has joined the room, in which someone else is."""
    return joined(user.log_in(gathering.chat.url, name))


def joined(user: User) -> User:
    """The same, as soon as the server has told who is there."""
    expect(user.page.locator("#about")).to_contain_text("Here: you")
    return user


def rows(user: User, name: str) -> Locator:
    return user.page.get_by_role("list", name=name).get_by_role("listitem")


def points(drawing: Locator) -> list[tuple[float, float]]:
    """The corners of a line."""
    text = drawing.locator("polyline").get_attribute("points") or ""
    return [(float(x), float(y)) for x, _, y in (pair.partition(",") for pair in text.split())]


def wish(user: User, referee: Referee, button: str) -> None:
    """Press a button; on return the referee knows of it."""
    user.page.get_by_role("button", name=button).click()
    referee.guest.wait_seen(1)


def test_each_price_is_a_text_and_a_line(exchange: StockExchange, user) -> None:
    ann = enter(exchange, user())
    for symbol, price in (("B", 50), ("A", 100), ("A", 104), ("A", 101)):
        exchange.trade(symbol, price)
    expect(rows(ann, "Prices")).to_have_text(["A101 −3", "B50 0"])
    (x1, first), (x2, top), (x3, last) = points(rows(ann, "Prices").first.locator("svg"))
    assert x1 < x2 < x3 == 240 and top < last < first, "up is less, and the newest is at the right end"
    expect(ann.page.get_by_label("Message", exact=True)).to_be_hidden()  # the exchange alone may talk


def test_a_line_has_the_newest_sixty_prices_and_a_picture_twelve_rows(exchange: StockExchange, user) -> None:
    ann = enter(exchange, user())
    for number in range(70):
        exchange.trade("A", number)
        if number % 10 == 9:  # a page that falls behind is told the newest alone
            expect(rows(ann, "Prices")).to_have_text([f"A{number} +1"])
    for number in range(20):
        exchange.trade(f"S{number:02}", 1)
    expect(rows(ann, "Prices")).to_have_count(12)
    corners = points(rows(ann, "Prices").first.locator("svg"))
    assert len(corners) == 60 and corners[0][0] == 0


def test_a_page_that_was_away_knows_all_prices_after_the_next_repeat(exchange: StockExchange, user) -> None:
    ann = enter(exchange, user())
    exchange.trade("A", 1)
    expect(rows(ann, "Prices")).to_have_text(["A1 0"])
    ann.page.reload()
    expect(rows(joined(ann), "Prices")).to_have_count(0)
    exchange.repeat()
    expect(rows(ann, "Prices")).to_have_text(["A1 0", "B50 0"])


def test_players_move_by_buttons_and_keys_and_see_each_other(playing: Gathering, user) -> None:
    referee = Referee(playing)
    ann, bob = enter(playing, user()), enter(playing, user(), "bob")
    expect(rows(ann, "Players")).to_have_text(["ann0 (you)"])  # before any tick
    wish(ann, referee, "Right")
    referee.turn()
    expect(rows(ann, "Players")).to_have_text(["ann+1 (you)"])
    expect(rows(bob, "Players")).to_have_text(["ann+1", "bob0 (you)"])
    expect(ann.page.get_by_role("status").last).to_have_text("You are at +1.")
    ann.page.keyboard.press("ArrowRight")  # the button has the focus
    referee.guest.wait_seen(1)
    bob.page.get_by_role("button", name="Left").click()
    referee.guest.wait_seen(2)
    referee.turn()
    for player, texts in ((ann, ["ann+2 (you)", "bob−1"]), (bob, ["ann+2", "bob−1 (you)"])):
        expect(rows(player, "Players")).to_have_text(texts)
    mine, theirs = (ann.page.locator("circle").nth(at) for at in (0, 1))
    places = [float(one.get_attribute("cx") or "") for one in (mine, theirs)]
    assert places == [(2 + 10.5) * 20, (-1 + 10.5) * 20]
    expect(mine).to_have_class("piece own")
    expect(theirs).to_have_class("piece")


def test_one_wish_in_a_tick(playing: Gathering, user) -> None:
    referee = Referee(playing)
    ann = enter(playing, user())
    for _ in range(3):
        ann.page.get_by_role("button", name="Right").click()
    ann.say("done")  # on the same connection, behind them
    ann.sees("done")
    referee.guest.wait(1)
    assert [body for _, body in referee.guest.seen if type(body) is int] == [1]


def test_only_the_referee_is_believed(playing: Gathering, user) -> None:
    referee = Referee(playing)
    ann, cheat = enter(playing, user()), playing.guest("cheat", game.ROOM)
    cheat.client.volatile(game.ROOM, {"tick": 99, "places": {"cheat": 9}})
    referee.guest.wait_seen(1)
    referee.turn()
    cheat.wait_seen(1)
    assert board(cheat) == {"tick": 1, "places": {}}
    wish(ann, referee, "Left")
    referee.turn()
    expect(rows(ann, "Players")).to_have_text(["ann−1 (you)"])


def test_a_player_without_a_connection_sees_the_next_tick_when_it_is_back(playing: Gathering, user) -> None:
    referee = Referee(playing)
    ann = enter(playing, user())
    wish(ann, referee, "Right")
    ann.page.reload()
    joined(ann)
    referee.turn()
    expect(rows(ann, "Players")).to_have_text(["ann+1 (you)"])


def test_a_chat_without_pictures_has_none(user) -> None:
    with Gathering() as gathering:
        ann = user().log_in(gathering.chat.url, "ann")
        expect(ann.page.locator("#title")).to_have_text("#lobby")
        expect(ann.page.locator("#picture")).to_be_hidden()
        expect(ann.page.get_by_role("navigation").get_by_role("listitem")).to_have_count(3)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(
    exchange: StockExchange, playing: Gathering, user, scheme: str, width: int
) -> None:
    looks = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    ann = enter(exchange, user(**looks))
    for number in range(70):
        exchange.trade("A", 100 + number * number % 17)
        exchange.trade("B", 50 - number % 23)
    expect(rows(ann, "Prices")).to_have_count(2)
    ann.shot(f"ticker-{scheme}-{width}")
    assert violations(ann.page) == []
    assert ann.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    referee, dora = Referee(playing), enter(playing, user(**looks), "dora")
    referee.places = {"ann": -10, "bob": 4, "dora": 3, "a_name_that_is_rather_long": 10}
    referee.turn()
    expect(rows(dora, "Players")).to_have_count(4)
    dora.say("Who is first?")
    dora.sees("Who is first?")
    dora.shot(f"game-{scheme}-{width}")
    assert violations(dora.page) == []
    assert dora.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
