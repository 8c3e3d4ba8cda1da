"""The picture of where a card spent its time."""

from app.clock import DAY
from app.details.picture import Bar, picture_of
from app.details.queries import BlockRow, VisitRow

START = 1_700_000_000_000_000


def visit(name: str, since: int, until: int | None, kind: str = "active") -> VisitRow:
    """A stay from one day to another, counted from the start; columns go by their names."""
    left = None if until is None else START + until * DAY
    return VisitRow(sum(map(ord, name)), name, kind, START + since * DAY, left)


def block(since: int, until: int | None) -> BlockRow:
    """A blocked interval from one day to another."""
    ended = None if until is None else START + until * DAY
    return BlockRow("Why", "other", START + since * DAY, ended, "", None, None)


def test_each_column_has_its_stays_on_one_line_of_time() -> None:
    picture = picture_of(
        [
            visit("Ready", 0, 2, "queue"),
            visit("Doing", 2, 5),
            visit("Ready", 5, 6, "queue"),
            visit("Doing", 6, None),
        ],
        [],
        start=START,
        done_at=None,
        now=START + 10 * DAY,
        zone="UTC",
    )
    ready, doing = picture.rows
    assert (ready.name, ready.words, ready.visits, ready.current) == ("Ready", "3.0 d", 2, False)
    assert (doing.name, doing.words, doing.visits, doing.current) == ("Doing", "7.0 d", 2, True)
    assert ready.bars == [Bar("0.00%", "20.00%"), Bar("50.00%", "10.00%")]
    assert doing.bars == [Bar("20.00%", "30.00%"), Bar("60.00%", "40.00%")]
    assert doing.told.endswith("to now")
    assert not picture.is_over
    assert not picture.was_blocked


def test_blocked_intervals_lie_over_the_stays_that_they_fall_into() -> None:
    picture = picture_of(
        [visit("Doing", 0, 4), visit("Test", 4, None)],
        [block(3, 5), block(9, None)],
        start=START,
        done_at=None,
        now=START + 10 * DAY,
        zone="UTC",
    )
    doing, test = picture.rows
    assert doing.blocks == [Bar("30.00%", "10.00%")]
    assert test.blocks == [Bar("40.00%", "10.00%"), Bar("90.00%", "10.00%")]
    assert picture.was_blocked


def test_the_line_ends_when_the_card_is_done() -> None:
    picture = picture_of(
        [visit("Doing", 0, 4), visit("Done", 4, None, "done")],
        [block(3, None)],
        start=START,
        done_at=START + 4 * DAY,
        now=START + 100 * DAY,
        zone="UTC",
    )
    doing, done = picture.rows
    assert (doing.words, done.words) == ("4.0 d", "0 min")
    assert doing.blocks == [Bar("75.00%", "25.00%")]
    assert done.blocks == []
    assert picture.is_over


def test_a_card_of_this_moment_has_a_picture_too() -> None:
    picture = picture_of(
        [visit("Doing", 0, None)], [], start=START, done_at=None, now=START, zone="UTC"
    )
    assert picture.rows[0].bars == [Bar("0.00%", "0.00%")]


def test_many_visits_are_told_in_part() -> None:
    visits = [visit("Doing", n, n + 1) for n in range(20)]
    picture = picture_of(visits, [], start=START, done_at=None, now=START + 20 * DAY, zone="UTC")
    assert len(picture.rows[0].bars) == 20
    assert picture.rows[0].told.endswith("; 8 more")
