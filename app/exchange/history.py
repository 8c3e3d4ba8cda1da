"""Bringing cards with their pasts onto a board: all of them, or none."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, select, update

from app.auth.actor import Actor
from app.boards import rules
from app.boards.history import Fact, OpenBoard, lock_board, read_board, record
from app.boards.shape import Cell
from app.cards.admitting import Way, check_cord, limit_refusal
from app.cards.bulk_load import MANY_CARDS, measure_tables
from app.cards.clocks import Interval, Stay
from app.cards.closed_days import reopen_days
from app.cards.labels import ensure_labels, ids_text
from app.cards.placing import NewCard, insert_cards, ranks_at_the_end
from app.db import Statement, Tx
from app.errors import BoardArchived, Forbidden, Refusal
from app.exchange.past import Block, blocks_of, errors_in_time, happenings, stays_of
from app.exchange.places import Places
from app.exchange.schemas import CardEntry, HistoryDocument, Loc, read_document, refused
from app.exchange.taking import take_places
from app.models import BlockedInterval, Card, CardLabel

MOST_ERRORS = 10
LOOKED_UP = 500
AT_ONCE = 500

_BLOCK = Statement(
    insert(BlockedInterval).values(
        board_id=bindparam("board_id"),
        card_id=bindparam("card_id"),
        reason=bindparam("reason"),
        category=bindparam("category"),
        started_at=bindparam("started_at"),
        started_by=bindparam("started_by"),
        ended_at=bindparam("ended_at"),
        ended_by=bindparam("ended_by"),
        note=bindparam("note"),
    )
)
_SET_BLOCKS = Statement(
    update(Card)
    .where(
        Card.board_id == bindparam("board"),
        Card.number > bindparam("after"),
        Card.was_blocked.is_(True),
    )
    .values(
        block_id=select(BlockedInterval.id)
        .where(BlockedInterval.card_id == Card.id, BlockedInterval.ended_at.is_(None))
        .scalar_subquery()
    )
)
_LABEL = Statement(
    insert(CardLabel).values(card_id=bindparam("card_id"), label_id=bindparam("label_id"))
)


class ImportResult(NamedTuple):
    """How many cards came onto the board, and how many were there already."""

    created: int
    skipped: int


class Tried(Exception):
    """An import that was tried alone: it is undone, and this is what it would have done."""

    def __init__(self, result: ImportResult) -> None:
        super().__init__(result)
        self.result = result


class _Newcomer(NamedTuple):
    """A card that is about to come, with what its entry means on this board."""

    entry: CardEntry
    stays: list[Stay]
    blocks: list[Block]
    lane_id: int

    @property
    def cell(self) -> Cell:
        """Where it ends."""
        return Cell(self.stays[-1].column_id, self.lane_id)


def import_history(
    tx: Tx, actor: Actor | None, key: str, document: HistoryDocument | dict[str, Any]
) -> ImportResult:
    """Brings a document's cards onto a board; those whose external id it has already are skipped.

    All or nothing: 422 names the entry that is wrong, 409 the limit that has no room for where the
    cards end up. What happened to them becomes events with the times of the document. `actor` None
    is the service itself.
    """
    if isinstance(document, dict):
        document = read_document(document)
    board = lock_board(tx, actor, key=key)
    wanted = _new_entries(tx, board, document.cards)
    board, places = take_places(tx, board, document)
    newcomers = _newcomers(board, places, wanted)
    _check_cord(tx, board, places, newcomers)
    _check_limits(tx, board, places, newcomers)
    record(tx, board, *places.facts)
    _write(tx, board, newcomers)
    return ImportResult(len(newcomers), len(document.cards) - len(newcomers))


def try_import(
    tx: Tx, actor: Actor | None, key: str, document: HistoryDocument | dict[str, Any]
) -> None:
    """Raises what an import would do, `Tried`, or what stands in its way; nothing is kept of it."""
    try:
        result = import_history(tx, actor, key, document)
    except Refusal as refusal:
        refusal.keep = None
        raise
    raise Tried(result)


def check_may_import(tx: Tx, actor: Actor, key: str) -> None:
    """Refuses who may not import, before a large document is even read."""
    board = read_board(tx, actor, key=key)
    if not board.may_work:
        raise Forbidden("You may look at this board, but not change it.")
    if board.row.archived_at is not None:
        raise BoardArchived(f"The board {board.row.key} is in the archive.")


def _new_entries(
    tx: Tx, board: OpenBoard, entries: Sequence[CardEntry]
) -> list[tuple[int, CardEntry]]:
    """The entries of cards that the board does not have, with their places in the document; one
    that stands there twice must say the same both times."""
    there = _external_ids(tx, board.id, (e.external_id for e in entries if e.external_id))
    first: dict[str, int] = {}
    found: list[tuple[int, CardEntry]] = []
    errors: list[tuple[Loc, str]] = []
    for index, entry in enumerate(entries):
        if entry.external_id is not None:
            if entry.external_id in there:
                continue
            before = first.setdefault(entry.external_id, index)
            if before != index:
                if entries[before] != entry:
                    loc = ("cards", index, "external_id")
                    said = f"{entry.external_id!r} stands in cards[{before}] with another past"
                    errors.append((loc, said))
                continue
        found.append((index, entry))
    if errors:
        raise refused(errors[:MOST_ERRORS])
    return found


def _external_ids(tx: Tx, board_id: int, wanted: Iterable[str]) -> set[str]:
    """External ids that cards of the board have: of some that are wanted, or of all cards."""
    names = set(wanted)
    if not names:
        return set()
    statement = select(Card.external_id).where(
        Card.board_id == board_id, Card.external_id.is_not(None), Card.discarded_at.is_(None)
    )
    if len(names) <= LOOKED_UP:
        statement = statement.where(Card.external_id.in_(names))
    return set(tx.execute(statement).scalars())


def _newcomers(
    board: OpenBoard, places: Places, wanted: Sequence[tuple[int, CardEntry]]
) -> list[_Newcomer]:
    """What the entries mean on the board; 422 with the first ones that mean nothing."""
    columns = {**places.gone, **places.columns}
    gone = frozenset(places.gone.values())
    errors: list[tuple[Loc, str]] = []
    found = []
    for index, entry in wanted:
        wrong = [*errors_in_time(entry, board.now), *_errors_in_names(entry, places)]
        if wrong:
            errors += [(("cards", index, *loc), message) for loc, message in wrong]
            if len(errors) >= MOST_ERRORS:
                break
            continue
        stays = stays_of(entry, columns)
        if stays[-1].column_id in gone and entry.archived_at is None:
            last = ("moves", len(entry.moves) - 1, "to") if entry.moves else ("column",)
            errors.append((("cards", index, *last), "the card ends in a column that was deleted"))
            continue
        lane_id = board.shape.default_lane.id if entry.lane is None else places.lanes[entry.lane]
        found.append(_Newcomer(entry, stays, blocks_of(entry), lane_id))
    if errors:
        raise refused(errors[:MOST_ERRORS])
    return found


def _errors_in_names(entry: CardEntry, places: Places) -> list[tuple[Loc, str]]:
    named: list[tuple[Loc, str]] = [(("column",), entry.column)]
    named += [(("moves", index, "to"), move.to) for index, move in enumerate(entry.moves)]
    errors = [
        (loc, f"the board has no column {name!r}; it has {_list(places.columns)}")
        for loc, name in named
        if name not in places.columns and name not in places.gone
    ]
    if entry.lane is not None and entry.lane not in places.lanes:
        said = f"the board has no lane {entry.lane!r}; it has {_list(places.lanes)}"
        errors.append((("lane",), said))
    if entry.team is not None and entry.team not in places.teams:
        said = f"the board has no team {entry.team!r}; it has {_list(places.teams)}"
        errors.append((("team",), said))
    return errors


def _list(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none"


def _check_cord(tx: Tx, board: OpenBoard, places: Places, newcomers: Sequence[_Newcomer]) -> None:
    """Judges where the cards end up while the andon cord is pulled: none may be new work."""
    ways = [
        Way(new.entry.work_type, None, new.cell)
        for new in newcomers
        if new.entry.archived_at is None
    ]
    new = bool(places.new_columns or places.new_lanes)
    check_cord(tx, board, ways, card_id=None, action="import", places_are_new=new)


def _check_limits(tx: Tx, board: OpenBoard, places: Places, newcomers: Sequence[_Newcomer]) -> None:
    """Judges once where all the cards end up; what they passed through needed no room."""
    coming = Counter(new.cell for new in newcomers if new.entry.archived_at is None)
    counts = dict(board.counts)
    for cell, count in coming.items():
        counts[cell] = counts.get(cell, 0) + count
    shape = board.shape
    overflow = rules.check_limits((shape, board.counts), (shape, counts))
    if overflow is None:
        return
    place = overflow.place
    more = rules.usage(shape, counts)[place] - overflow.count
    new_place = places.new_lanes if place.scope == rules.LANE else places.new_columns
    cells = rules.cells_of(shape, place)
    raise limit_refusal(
        tx,
        board,
        overflow,
        # A cell that the import makes goes with it.
        to=None
        if places.new_columns or places.new_lanes
        else next(cell for cell in coming if cell in cells),
        card_id=None,
        action="import",
        detail=f"{overflow.name} has {overflow.count} of {overflow.limit} cards, and {more} more "
        "would end there: nothing was imported.",
        place_is_new=new_place and place.scope != rules.BOARD,
    )


def _write(tx: Tx, board: OpenBoard, newcomers: Sequence[_Newcomer]) -> None:
    """Writes the cards with their pasts, and the events of it."""
    labels = ensure_labels(tx, board.id, (name for new in newcomers for name in new.entry.labels))
    before = board.last_number
    ranks = _ranks(tx, newcomers)
    for start in range(0, len(newcomers), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        _write_some(tx, board, newcomers[some], ranks[some], labels)
    if any(block.until is None for new in newcomers for block in new.blocks):
        tx.run(_SET_BLOCKS, board=board.id, after=before)
    if len(newcomers) >= MANY_CARDS:
        measure_tables(tx)


def _write_some(
    tx: Tx,
    board: OpenBoard,
    newcomers: Sequence[_Newcomer],
    ranks: Sequence[int],
    labels: dict[str, int],
) -> None:
    reopen_days(tx, board, min(new.stays[0].entered_at for new in newcomers))
    card_ids = insert_cards(tx, board, [_new_card(new, labels) for new in newcomers], ranks)
    pairs = list(zip(card_ids, newcomers, strict=True))
    tx.run_many(
        _LABEL,
        [
            {"card_id": card_id, "label_id": labels[name]}
            for card_id, new in pairs
            for name in dict.fromkeys(new.entry.labels)
        ],
    )
    tx.run_many(
        _BLOCK,
        [_block_row(board, card_id, block) for card_id, new in pairs for block in new.blocks],
    )
    facts = (
        Fact(told.type, card_id, {**told.data, "imported": True}, told.at)
        for card_id, new in pairs
        for told in happenings(new.entry, new.stays, new.blocks, new.lane_id)
    )
    record(tx, board, *facts)


def _new_card(new: _Newcomer, labels: dict[str, int]) -> NewCard:
    entry = new.entry
    return NewCard(
        title=entry.title,
        description=entry.description,
        work_type=entry.work_type,
        service_class=entry.service_class,
        team=entry.team,
        due_on=entry.due_on,
        external_id=entry.external_id,
        stays=new.stays,
        lane_id=new.lane_id,
        blocks=[Interval(block.start, block.until) for block in new.blocks],
        label_ids=ids_text({labels[name] for name in entry.labels}),
        archived_at=entry.archived_at,
    )


def _block_row(board: OpenBoard, card_id: int, block: Block) -> dict[str, Any]:
    return {
        "board_id": board.id,
        "card_id": card_id,
        "reason": block.reason,
        "category": block.category,
        "started_at": block.start,
        "started_by": board.actor_id,
        "ended_at": block.until,
        "ended_by": None if block.until is None else board.actor_id,
        "note": block.note,
    }


def _ranks(tx: Tx, newcomers: Sequence[_Newcomer]) -> list[int]:
    """A place for each card behind those that its cell has: by position, then in the order in
    which they came there."""
    cells: dict[Cell, list[int]] = defaultdict(list)
    for index, new in enumerate(newcomers):
        cells[new.cell].append(index)

    def order(index: int) -> tuple[bool, int, int, int]:
        entry = newcomers[index].entry
        arrived = newcomers[index].stays[-1].entered_at
        return entry.position is None, entry.position or 0, arrived, index

    ranks = [0] * len(newcomers)
    for cell, indexes in cells.items():
        free = ranks_at_the_end(tx, cell, len(indexes))
        for index, rank in zip(sorted(indexes, key=order), free, strict=True):
            ranks[index] = rank
    return ranks
