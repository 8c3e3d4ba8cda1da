"""The value stream on the flow page: what it says, and where it leads."""

from fractions import Fraction

from app.clock import DAY, HOUR
from app.flow.shares import percent
from app.flow.stream import Place, Step, Stream
from app.flow.stream_views import sentence_of
from tests.flow.conftest import Past, Story, story
from tests.flow.test_flow_page import WINDOW, Reader


def stream_of_one(
    count: int, lead: int | None, process: int | None, rolled: Fraction | None
) -> Stream:
    """A stream of one step."""
    times = [None if each is None else Fraction(each) for each in (lead, process)]
    place = Place(1, "In progress", "active", None)
    step = Step(place, times[0], times[1], rolled, 1, 0, ())
    efficiency = Fraction(process, lead) if lead and process is not None else None
    return Stream(count, [step], times[0], times[1], efficiency, rolled, Fraction(0))


def test_a_share_is_only_called_nothing_or_all_when_it_is() -> None:
    thousandth = Fraction(1, 1000)
    assert [percent(share) for share in (Fraction(0), thousandth, 1 - thousandth, Fraction(1))] == [
        *("0 %", "under 1 %", "over 99 %", "100 %"),
    ]
    assert percent(Fraction(145, 1000)) == "14 %"
    assert percent(Fraction(155, 1000)) == "16 %"


def test_the_sentence_reads_the_stream() -> None:
    assert sentence_of(stream_of_one(0, None, None, None)) == ""
    assert sentence_of(stream_of_one(40, 10 * DAY, DAY, Fraction(61, 100))) == (
        "A card takes 10 days, of which 1 day is work: 10 % flow efficiency; "
        "61 % pass every step right the first time."
    )
    assert sentence_of(stream_of_one(40, DAY, 0, None)) == (
        "A card takes 1 day, of which nothing is work: 0 % flow efficiency."
    )
    assert sentence_of(stream_of_one(1, DAY, 2 * HOUR, Fraction(1))) == (
        "The one card took 1 day, of which 2 hours are work: 8 % flow efficiency; "
        "100 % pass every step right the first time."
    )
    assert "10 cards or more would make that firmer." in sentence_of(
        stream_of_one(3, DAY, HOUR, None)
    )
    assert "there is no time to share out" in sentence_of(stream_of_one(2, 0, 0, None))


def test_the_page_draws_the_steps_with_their_times(past: Past) -> None:
    past.play(
        Story(
            "Sent back",
            [
                ("2026-03-02T00:00:00Z", "To do"),
                ("2026-03-04T00:00:00Z", "In progress"),
                ("2026-03-05T00:00:00Z", "Done"),
                ("2026-03-06T00:00:00Z", "In progress"),
                ("2026-03-07T00:00:00Z", "Done"),
            ],
        ),
        story("2026-03-09T00:00:00Z", lead=3 * DAY, cycle=DAY, title="Straight through"),
    )
    page = Reader(past.board.person).page(WINDOW)
    assert page.status == 200
    assert (
        "A card takes 4 days, of which 1.5 days are work: 38 % flow efficiency; "
        "67 % pass every step right the first time." in page.text
    )
    assert "Most of the waiting is in To do: 2 days, 50 % of the lead time." in page.text
    assert "Work came back to In progress most of all: 1 time in 3." in page.text
    rows = [row for row in page.rows if row and row[0] in {"To do", "In progress", "Done", "Whole"}]
    assert rows == [
        ["To do", "queue", "–", "2 days", "0", "2 days", "50 %", "100 %", "2", "0"],
        ["In progress", "active", "–", "1.5 days", "1.5 days", "0", "38 %", "67 %", "3", "1"],
        ["Done", "done", "–", "12 hours", "0", "12 hours", "12 %", "–", "0", "0"],
        ["Whole", "–", "–", "4 days", "1.5 days", "2.5 days", "100 %", "67 %", "–", "–"],
    ]
    # The cards that were longest in a step are found at its box.
    step = f"step-{past.columns['In progress']}"
    assert page.by_id[step]["popovertarget"] == f"{step}-cards"
    assert page.link(f"{step}-OPS-1") == "/boards/OPS/cards/1"
    api = past.board.person.weir.client.get(
        page.link("stream-api"), headers=Reader(past.board.person).headers
    ).json()
    assert api["lead_time"] == 4 * 24 * 3600


def test_the_page_says_what_is_missing_for_a_value_stream(past: Past) -> None:
    page = Reader(past.board.person).page(WINDOW)
    assert "No card has been finished on this board yet." in page.text
    assert "stream-missing" in page.by_id
    past.done("2026-03-02T00:00:00Z", work_type="debt")
    page = Reader(past.board.person).page(f"{WINDOW}&work_type=ops")
    assert page.by_id["stream-missing"]
    assert "but the filters leave none" in page.text
