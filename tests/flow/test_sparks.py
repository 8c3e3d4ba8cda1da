"""The course of the last weeks beside each of the five numbers."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.boards.history import read_board
from app.clock import DAY, HOUR
from app.db import Tx
from app.flow.blockers_reading import read_episodes
from app.flow.cumulative_reading import read_cumulative
from app.flow.queries import EVERY_CARD, Window
from app.flow.sparks import HEIGHT, WIDTH, last_weeks, spark
from app.flow.sparks_reading import read_sparks
from app.flow.strip import WEEK
from app.types import parse_moment
from tests.flow.conftest import Past, story
from tests.flow.test_flow_page import Reader

BEGIN = parse_moment("2026-02-02T00:00:00Z")


@given(st.integers(0, 10**15), st.integers(1, 400 * DAY))
def test_weeks_follow_each_other_up_to_the_windows_end(start: int, length: int) -> None:
    weeks = last_weeks(start, start + length)
    assert len(weeks) == min(12, length // WEEK)
    assert all(week.end - week.start == WEEK for week in weeks)
    assert all(one.end == other.start for one, other in pairwise(weeks))
    assert not weeks or (weeks[-1].end == start + length and weeks[0].start >= start)


@given(st.lists(st.none() | st.floats(0, 10**9), max_size=12))
def test_a_line_stays_in_its_box_and_has_gaps_where_there_is_nothing(
    values: list[float | None],
) -> None:
    lines = spark(values)
    for line in lines:
        for point in line.split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT
    known = sum(value is not None for value in values)
    assert sum(len(line.split()) for line in lines) <= known
    assert known >= 3 or lines == []


def test_lines_break_at_a_gap() -> None:
    assert [len(line.split()) for line in spark([1, 2, None, 4, 0, 3])] == [2, 3]
    assert spark([None, 1, None, 2, None, 3]) == []
    assert spark([0, 0, 0])[0].split()[0].endswith(",18.5")


def test_each_week_has_its_own_values(past: Past) -> None:
    past.play(
        *(story(BEGIN + each * DAY, lead=2 * HOUR, cycle=HOUR) for each in (1, 2, 3, 15, 16, 22))
    )
    past.time.at(BEGIN + 28 * DAY)

    def lines(tx: Tx) -> dict[str, list[str]]:
        board = read_board(tx, None, key="OPS")
        window = Window(BEGIN, BEGIN + 28 * DAY)
        flow, _ = read_cumulative(tx, board, window, EVERY_CARD)
        episodes = read_episodes(tx, board, window, EVERY_CARD)
        return dict(read_sparks(tx, board, window, EVERY_CARD, flow, episodes))

    found = past.board.person.weir.db.read_now(lines)
    assert found["throughput"] == spark([3, 0, 2, 1])
    assert found["efficiency"] == spark([0.5, None, 0.5, 0.5])
    assert found["cycle"] == spark([1, None, 1, 1])
    assert found["wip"] == found["blocked"] == spark([0, 0, 0, 0])


def test_the_page_draws_them_for_the_eye_alone(past: Past) -> None:
    past.time.at(BEGIN)
    past.board.add("In work", "In progress")
    past.time.at(BEGIN + 40 * DAY)
    html = Reader(past.board.person).page("from=2026-02-02&to=2026-03-10").html
    drawn = html.split('id="number-wip"')[1].split("</div>")[0]
    assert '<dd class="spark" aria-hidden="true">' in drawn
    assert "<polyline points=" in drawn
    short = Reader(past.board.person).page("from=2026-03-01&to=2026-03-10").html
    assert "<polyline" not in short
