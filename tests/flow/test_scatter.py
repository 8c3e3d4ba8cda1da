"""The finished cards as dots: none is left out, however many there are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clock import DAY, HOUR
from app.flow import times_chart
from app.flow.scatter import heaps_of
from tests.flow.conftest import Past, story
from tests.flow.test_flow_page import WINDOW, Reader


@given(st.lists(st.tuples(st.integers(0, 10 * DAY - 1), st.integers(0, 400 * DAY)), min_size=1))
def test_the_dots_of_many_cards_add_up_to_them_and_hold_each_where_it_is(
    cards: list[tuple[int, int]],
) -> None:
    heaps = heaps_of(np.array(cards, np.int64), [day * DAY for day in range(10)])
    assert sum(heap.cards for heap in heaps) == len(cards)
    assert len({(heap.day, heap.low) for heap in heaps}) == len(heaps)
    for heap in heaps:
        assert heap.cards == sum(
            done // DAY == heap.day and heap.low <= took < heap.high for done, took in cards
        )


@pytest.fixture
def reader(past: Past) -> Reader:
    """Ada, who reads the pages of her board."""
    return Reader(past.board.person)


def test_each_card_is_a_dot_of_its_team_with_its_words(past: Past, reader: Reader) -> None:
    past.board.person.patch(f"/boards/{past.board.key}", {"name": "Platform"})
    past.play(
        story("2026-03-02T12:00:00Z", title="Rotate <keys>", team="ops"),
        story("2026-03-02T12:00:00Z", title="Other"),
    )
    page = reader.page(WINDOW)
    assert "OPS-1 Rotate \\u003ckeys\\u003e\\n1 day, done 2 Mar 2026, 12:00" in page.html
    assert ["Week of 2 Mar 2026", "2", "1 day", "1 day", "1 day"] in page.rows


def test_of_many_cards_those_of_a_day_are_one_dot_that_leads_to_them(
    past: Past, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(times_chart, "MOST_DOTS", 2)
    past.play(*(story("2026-03-02T12:00:00Z", title=f"Card {n}") for n in range(3)))
    page = reader.page(WINDOW)
    assert "3 cards done on 2 Mar 2026 took" in page.html
    assert "from=2026-03-02\\u0026to=2026-03-03#times" in page.html


def test_in_a_long_window_those_of_a_few_days_are_one_dot_and_all_days_have_a_place(
    past: Past, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(times_chart, "MOST_DOTS", 2)
    monkeypatch.setattr(times_chart, "MOST_PLACES", 4)
    done = ("2026-03-01T12:00:00Z", "2026-03-02T23:00:00Z", "2026-03-03T00:00:00Z")
    past.play(*(story(at, title=at) for at in (*done, "2026-03-08T23:59:59Z")))
    # Nine days: three places of three days.
    page = reader.page("from=2026-03-01&to=2026-03-10")
    assert "3 cards done from 1 Mar 2026 to 3 Mar 2026 took" in page.html
    assert "1 card done from 7 Mar 2026 to 9 Mar 2026 took" in page.html
    assert "from=2026-03-07\\u0026to=2026-03-10#times" in page.html
    # The last place has as many days as there are left.
    page = reader.page("from=2026-03-01&to=2026-03-09")
    assert "1 card done from 7 Mar 2026 to 8 Mar 2026 took" in page.html


@pytest.mark.parametrize("most_dots", [1_500, 2])
def test_what_took_far_longer_stands_at_the_upper_edge_and_says_how_long(
    past: Past, reader: Reader, monkeypatch: pytest.MonkeyPatch, most_dots: int
) -> None:
    monkeypatch.setattr(times_chart, "MOST_DOTS", most_dots)
    at = "2026-03-02T12:00:00Z"
    past.play(*(story(at, lead=2 * HOUR, title=f"Quick {n}") for n in range(20)))
    assert "(▲ longer)" not in reader.page(WINDOW).html
    past.play(story("2026-03-06T12:00:00Z", lead=3 * DAY, title="Forgotten"))
    scatter = reader.page(WINDOW).html.partition("times-scatter")[2]
    assert '"name":"hours (▲ longer)","max":4.0' in scatter
    assert scatter.count('"symbol":"triangle"') == 1
    dot = scatter.partition('"symbol":"triangle"')[2].partition('"words":"')[2]
    assert dot.startswith("OPS-21 Forgotten\\n3 days" if most_dots > 2 else "1 card done on 6 Mar")
