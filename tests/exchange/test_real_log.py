"""The real log from its CSV file to the statistics, against a calculation from the rows alone."""

import json
from collections.abc import Iterator
from fractions import Fraction
from math import isqrt
from pathlib import Path
from typing import Any

import pytest

from app.cards.rebuild import examine_board
from app.exchange.csvlog import read_log_file
from app.exchange.history import import_history
from app.exchange.mapping import load_mapping
from tests.exchange.documents import exported
from tests.exchange.independent import REAL_LOG, lead_times
from tests.support import BoardOf, Person, Weir

SMALL_LOG = Path(__file__).parent / "data" / "incidents.csv"
ALL_TIME = {"from": "1970-01-01", "to": "2199-12-31"}
POINTS = (0, 1, 7, 50, 70, 85, 95, 99, 100)


@pytest.fixture(params=["the small log", "the real log"])
def log(request: pytest.FixtureRequest) -> Path:
    """A log in the shape of ServiceNow's."""
    if request.param == "the small log":
        return SMALL_LOG
    if not REAL_LOG.exists():
        pytest.skip(
            f"the real log is not here: {REAL_LOG.name} lies beside the checkout or nowhere"
        )
    return REAL_LOG


@pytest.fixture
def board(weir: Weir, ada: Person, log: Path) -> Iterator[BoardOf]:
    """A board without cards that has taken in the log."""
    made = ada.board("INC")
    reading = read_log_file(log, load_mapping("servicenow"))
    result = weir.db.write_now(import_history, None, "INC", reading.document)
    assert result == (reading.cards, 0)
    yield made
    # Whatever is derived from the history is what the history says.
    assert weir.db.read_now(examine_board, "INC") == []


def test_every_lead_time_is_that_of_the_rows(board: BoardOf, log: Path) -> None:
    expected = lead_times(log)
    cards = [*board.cards(), *board.cards(archived="true")]
    found = {card["external_id"]: _milliseconds(card["lead_time"]) for card in cards}
    assert found == expected
    assert len(found) == len(cards)


def test_the_statistics_are_those_of_the_rows(board: BoardOf, log: Path) -> None:
    times = sorted(time for time in lead_times(log).values() if time is not None)
    asked = {**ALL_TIME, "percentiles": ",".join(map(str, POINTS))}
    stats = board.person.get("/boards/INC/stats/lead-time", params=asked)
    count = len(times)
    mean = Fraction(sum(times), count)
    assert (stats["count"], stats["unit"]) == (count, "seconds")
    assert _milliseconds(stats["mean"]) == round(mean)
    assert _milliseconds(stats["min"]) == times[0]
    assert _milliseconds(stats["max"]) == times[-1]
    variance = sum((time - mean) ** 2 for time in times) / count
    assert abs(_milliseconds(stats["stdev"]) - isqrt(round(variance))) <= 1
    for point in POINTS:
        assert _milliseconds(stats["percentiles"][str(point)]) == _interpolated(times, point)
        assert _milliseconds(stats["sle"][str(point)]) == _nearest_rank(times, point)
    assert sum(bucket["count"] for bucket in stats["histogram"]) == count


def test_an_import_of_the_log_can_be_repeated(weir: Weir, board: BoardOf, log: Path) -> None:
    before = board.read()
    document = read_log_file(log, load_mapping("servicenow")).document
    again = weir.db.write_now(import_history, None, "INC", document)
    assert again == (0, len(document["cards"]))
    assert board.read() == before


def test_the_board_exported_and_imported_is_the_same(board: BoardOf) -> None:
    data = exported(board)
    other = board.person.board("COPY", "empty")
    answer = board.person.ask("POST", "/boards/COPY/import", content=data).json()
    assert answer == {"created": len(json.loads(data)["cards"]), "skipped": 0}
    assert exported(other) == data


def _milliseconds(seconds: Any) -> Any:
    return None if seconds is None else round(seconds * 1000)


def _interpolated(times: list[int], point: int) -> int:
    """Linear between closest ranks, rounded to the millisecond."""
    place = Fraction(point * (len(times) - 1), 100)
    low = place.numerator // place.denominator
    high = min(low + 1, len(times) - 1)
    return round(times[low] + (times[high] - times[low]) * (place - low))


def _nearest_rank(times: list[int], point: int) -> int:
    """The smallest value that at least so many per cent do not exceed."""
    rank = max(1, -(-point * len(times) // 100))
    return times[rank - 1]
