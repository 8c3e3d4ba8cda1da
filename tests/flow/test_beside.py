"""The panel of a card over the flow page and the stand-up page."""

import pytest

from tests.flow.conftest import Past
from tests.flow.test_flow_page import Reader
from tests.support import Weir


@pytest.mark.parametrize("path", ["flow", "standup"])
def test_the_address_names_the_card_that_lies_over_the_page(past: Past, path: str) -> None:
    past.board.add("First")
    card = past.board.add("Second <b>")
    ada = Reader(past.board.person)
    page = ada.at(f"/boards/OPS/{path}?card={card['number']}")
    assert page.by_id["panel"]["data-url"] == f"/boards/OPS/cards/{card['number']}"
    assert page.by_id["panel"]["data-page-title"] == f"{card['ref']} Second <b> · Weir"
    assert page.by_id["panel"]["data-board-title"].endswith(" · Weir")
    assert page.by_id["main"]["data-board"] == "/boards/OPS"


@pytest.mark.parametrize("card", ["", "0", "99", "-1", "one", "²", "9" * 30, "1%00"])
def test_what_is_no_card_leaves_the_page_alone(past: Past, card: str) -> None:
    past.board.add("The only one")
    page = Reader(past.board.person).page(f"card={card}")
    assert page.status == 200
    assert "hidden" in page.by_id["panel"]


def test_a_card_of_another_board_is_not_there(past: Past, weir: Weir) -> None:
    other = weir.person("Eve Stranger").board("EVE", "simple")
    for number in range(3):
        other.add(f"Card {number}")
    page = Reader(past.board.person).page("card=3")
    assert "hidden" in page.by_id["panel"]
