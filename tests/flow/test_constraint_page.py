"""The constraint on the flow page: named, with its evidence, and what to do next."""

from dataclasses import replace
from fractions import Fraction

from app.flow.constraint_views import rows_of, sentence_of
from tests.flow.conftest import Past, Story
from tests.flow.test_constraint import evidence
from tests.flow.test_flow_page import WINDOW, Reader


def test_the_sentence_names_the_constraint_and_the_strongest_of_its_evidence() -> None:
    test = evidence(
        "Test",
        full=Fraction(9, 10),
        queue=Fraction(5, 2),
        queue_share=Fraction(4, 5),
        starved=Fraction(1, 10),
        refusals=3,
        refusal_share=Fraction(1, 5),
    )
    said = "Test holds the flow: its limit was full 90 % of the time, 2.5 cards waited in front of"
    assert sentence_of([test, evidence("Deploy")], test) == (
        f"{said} it and its limits refused 3 times."
    )
    alone = replace(test, full=None, queue_share=None, refusal_share=None)
    assert sentence_of([alone], alone) == (
        "Test holds the flow: the next step stood empty 10 % of the time. "
        "There is no other work centre to compare with."
    )


def test_a_bar_is_as_long_as_its_share_and_never_nothing_for_something() -> None:
    (row,) = rows_of([evidence("Test", full=Fraction(1, 1000), starved=Fraction(0))], None)
    assert [(cell.words, cell.tenths) for cell in row.cells[:4]] == [
        ("under 1 % (limit 3)", 1),
        ("–", None),
        ("0 %", 0),
        ("–", None),
    ]
    (row,) = rows_of([evidence("Test", full=Fraction(1))], None)
    assert row.cells[0].tenths == 10


def test_the_page_names_the_constraint_with_its_evidence(past: Past) -> None:
    past.board.limit("In progress", 1)
    past.play(
        Story("One", [("2026-03-01T00:00:00Z", "In progress"), ("2026-03-21T00:00:00Z", "Done")])
    )
    past.time.at("2026-03-31T00:00:00Z")
    page = Reader(past.board.person).page(WINDOW)
    assert page.status == 200
    assert "In progress holds the flow: 100 % of the lead time is spent there" in page.text
    assert "Next: elevate" in page.text
    row = next(row for row in page.rows if row and row[0].startswith("In progress constraint"))
    assert row[1:5] == ["67 % (limit 1)", "–", "–", "100 %"]
    assert "On average 0.7 cards were in progress" in page.text
    api = Reader(past.board.person).client.get(
        page.link("constraint-api"), headers=Reader(past.board.person).headers
    )
    assert api.json()["constraint"]["name"] == "In progress"


def test_the_page_says_why_there_is_no_constraint(past: Past) -> None:
    page = Reader(past.board.person).page(WINDOW)
    assert "constraint-missing" in page.by_id
    assert "No card was on the board in this window" in page.text
