"""Reading the value stream: the stays of the cards done in a window, and the exits in it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Select, select

from app.boards.history import OpenBoard
from app.boards.shape import ELSEWHERE
from app.cards.filters import CardFilter
from app.cards.layouts import ColumnRow, known_columns
from app.cards.stream_days import DONE_LATER, read_journeys
from app.clock import SECOND
from app.db import Tx
from app.flow.day_reading import (
    Days,
    arrays_in,
    closed_days_in,
    cut_arrays,
    parted,
    rest_of,
    sums_in,
)
from app.flow.metrics import total
from app.flow.queries import Window, of_cards
from app.flow.remembering import recall, remember
from app.flow.stream import Long, Place, Stream, Tally, has_been, stream_of
from app.models import Card, DoneDay, ExitDay, StayDay
from app.packing import Numbers, packed, taken, unpacked

if TYPE_CHECKING:
    from app.cards.journeys import Exits, Spent

OTHER_BOARDS = "Other boards"
CARDS_AT_ONCE = 20_000
MOST_REMEMBERED = 500
"""The sums of so many windows a process remembers."""
_REMEMBERED = "value streams"


class CardName(NamedTuple):
    """A card as a list names it."""

    id: int
    number: int
    title: str


def read_stream(
    tx: Tx, board: OpenBoard, window: Window, cards: CardFilter, most: int = 0
) -> Stream:
    """The value stream of a window: the times of the cards done in it, and the exits in it of all
    cards; for each step so many of the cards that were longest in it."""
    columns = known_columns(tx, board)
    tally = Tally()
    days = closed_days_in(tx, board, window, cards)
    if days is not None:
        _add_days(tx, days, tally, most)
    rest = rest_of(days, window)
    if rest is not None:
        _add_rest(tx, board, columns, rest, cards, tally, most)
    for column_id, longest in tally.longest.items():
        tally.longest[column_id] = sorted(longest, reverse=True)[:most]
    there = board.shape.column
    places = [place for place in _places(columns) if place.id in there or has_been(tally, place.id)]
    return stream_of(tally, places)


def card_names(tx: Tx, card_ids: Collection[int]) -> dict[int, CardName]:
    """Cards by their ids, as a list names them."""
    if not card_ids:
        return {}
    rows = tx.execute(select(Card.id, Card.number, Card.title).where(Card.id.in_(card_ids)))
    return {row.id: CardName._make(row) for row in rows}


def pieces_of(tx: Tx, board: OpenBoard, window: Window) -> Sequence[Window]:
    """A window in pieces of so many cards that they are in memory together."""
    known: dict[Window, list[Window]] = board.known.setdefault("pieces", {})
    if window not in known:
        pieces, start = [], window.start
        while start < window.end:
            later = tx.first(DONE_LATER, board=board.id, since=start, cards=CARDS_AT_ONCE)
            end = window.end if later is None else min(later.at + 1, window.end)
            pieces.append(Window(start, end))
            start = end
        known[window] = pieces
    return known[window]


def _places(columns: Iterable[ColumnRow]) -> list[Place]:
    """The steps from left to right. What a card did on another board comes before all that it did
    here, and stays as unnamed as that board is to those who may not see it."""
    return [
        Place(ELSEWHERE, OTHER_BOARDS, None, None, False),
        *(Place(row.id, row.name, row.kind, row.team, bool(row.deleted_at)) for row in columns),
    ]


def _add_days(tx: Tx, days: Days, tally: Tally, most: int) -> None:
    """Adds what the closed days of a window say."""
    whole, others = parted(days)
    tally.add(_whole_days(tx, whole, most))
    for _, (handoffs,) in arrays_in(tx, others, DoneDay, "handoffs"):
        tally.count += len(handoffs)
        tally.handoffs += int(handoffs.sum())
    names = ("card_ids", "lead", "process")
    for column_id, (ids, lead, process) in arrays_in(tx, others, StayDay, *names):
        _add_spent(tally, column_id, ids, lead, process, most)
    # A card that comes back changes what was said of its exits, and no other past.
    for column_id, (exits, returned) in sums_in(tx, days, ExitDay, "exits", "returned").items():
        tally.exits[column_id] += exits
        tally.returned[column_id] += returned
    for column_id, (came_back,) in cut_arrays(tx, days, ExitDay, "came_back"):
        if len(came_back):
            tally.exits[column_id] += len(came_back)
            tally.returned[column_id] += int(came_back.sum())


def _whole_days(tx: Tx, days: Days, most: int) -> Tally:
    """What the cards say that were done on whole closed days; added up once for each days."""
    key, past = (days.board_id, days.first, days.last, most), days.closed.past
    known: Tally | None = recall(tx, _REMEMBERED, key, past)
    if known is None:
        known = Tally()
        if days.first < days.last:
            _add_sums(tx, days, known)
            if most:
                _add_longest_days(tx, days, known, most)
        remember(tx, _REMEMBERED, key, past, known, 1, MOST_REMEMBERED)
    return known


def _add_sums(tx: Tx, days: Days, tally: Tally) -> None:
    for count, handed in sums_in(tx, days, DoneDay, "cards", "handed").values():
        tally.count += count
        tally.handoffs += handed
    names = ("lead_seconds", "lead_rest", "process_seconds", "process_rest")
    for column_id, sums in sums_in(tx, days, StayDay, *names).items():
        tally.lead[column_id] += sums[0] * SECOND + sums[1]
        tally.process[column_id] += sums[2] * SECOND + sums[3]


def _add_longest_days(tx: Tx, days: Days, tally: Tally, most: int) -> None:
    """Adds the cards that were longest in each column on the whole days. They are among those of
    the days whose longest is one of the longest."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    of_board = StayDay.board_id == days.board_id
    rows: Iterator[Any] = iter(
        tx.execute(
            select(StayDay.column_id, packed(StayDay.day, StayDay.longest))
            .where(of_board, StayDay.day >= days.first, StayDay.day < days.last)
            .group_by(StayDay.column_id)
        )
    )
    for column_id, value in list(rows):
        day, longest = unpacked(tx, value).reshape(-1, 2).T
        least = np.partition(longest, -most)[-most] if len(longest) > most else 0
        some = day[longest >= least].tolist()
        arrays = tx.execute(
            select(StayDay.card_ids, StayDay.lead, StayDay.process).where(
                of_board,
                StayDay.column_id == column_id,
                StayDay.day.in_(some),
            )
        ).all()
        ids, lead, process = (
            np.concatenate([taken(row[place]) for row in arrays]) for place in range(3)
        )
        _add_longest(tally, column_id, ids, lead, process, most)


def _add_rest(
    tx: Tx,
    board: OpenBoard,
    columns: Sequence[ColumnRow],
    window: Window,
    cards: CardFilter,
    tally: Tally,
    most: int,
) -> None:
    """Adds what the cards themselves say of a window."""

    def narrow(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        return of_cards(statement, board, cards)

    for start, end in pieces_of(tx, board, window):
        finished, spent, exits = read_journeys(tx, board, columns, start, end, narrow)
        tally.count += len(finished.card)
        tally.handoffs += int(finished.handoffs.sum())
        _add_spents(tally, spent, most)
        _add_exits(tally, exits)


def _add_spents(tally: Tally, spent: "Spent", most: int) -> None:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    for column_id in np.unique(spent.column).tolist():
        some = spent.column == column_id
        ids, lead, process = spent.card[some], spent.lead[some], spent.process[some]
        _add_spent(tally, column_id, ids, lead, process, most)


def _add_spent(
    tally: Tally, column_id: int, ids: Numbers, lead: Numbers, process: Numbers, most: int
) -> None:
    """Adds what cards spent in a column."""
    if len(ids):
        tally.lead[column_id] += total(lead)
        tally.process[column_id] += total(process)
        _add_longest(tally, column_id, ids, lead, process, most)


def _add_exits(tally: Tally, exits: "Exits") -> None:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    for column_id in np.unique(exits.column).tolist():
        came_back = exits.came_back[exits.column == column_id]
        tally.exits[column_id] += len(came_back)
        tally.returned[column_id] += int(came_back.sum())


def _add_longest(
    tally: Tally, column_id: int, ids: Numbers, lead: Numbers, process: Numbers, most: int
) -> None:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    if most:
        some = np.lexsort((ids, lead))[-most:]
        some = some[lead[some] > 0]
        rows = zip(lead[some].tolist(), ids[some].tolist(), process[some].tolist(), strict=True)
        tally.longest.setdefault(column_id, []).extend(Long(*row) for row in rows)
