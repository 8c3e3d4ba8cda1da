"""The rows of a board that was played: its cards and history, some thousand at once."""

from collections import Counter
from collections.abc import Iterator
from itertools import repeat

import numpy as np
from sqlalchemy import bindparam, update

from app.auth.actor import Actor
from app.boards.history import OpenBoard
from app.boards.shape import Cell
from app.cards import bulk_load
from app.cards.labels import ids_text
from app.db import Statement, Tx
from app.models import Board
from app.samples import tape
from app.samples.lives import NONE, Cards, Story
from app.samples.looks import (
    CLASSES,
    DESCRIPTION,
    LABEL_SETS,
    LABELS,
    REASONS,
    TEAMS,
    TYPES,
    titles_of_types,
)
from app.samples.playing import AT_ONCE, Played
from app.samples.tape import Ints, Reel
from app.samples.telling import NAMES, Teller, cells_of, note_of

_STANDS = Statement(
    update(Board)
    .where(Board.id == bindparam("board"))
    .values(
        seq=bindparam("to_seq"), last_number=bindparam("number"), changed_at=bindparam("changed")
    )
)


class Writer:
    """Turns what was played into rows, some thousand at once."""

    def __init__(
        self, tx: Tx, actor: Actor, board: OpenBoard, played: Played, labels: dict[str, int]
    ) -> None:
        self._tx = tx
        self._actor = actor
        self._board = board
        self._played = played
        self._titles = titles_of_types()
        self._labels = [[labels[LABELS[i]] for i in some] for some in LABEL_SETS]
        self._first_id = bulk_load.reserve_card_ids(tx, played.wish.cards)
        self._cells = cells_of(board.shape)
        self._columns = np.array([cell.column_id for cell in self._cells])
        self._lanes = np.array([cell.lane_id for cell in self._cells])
        self._counts: Counter[Cell] = Counter()
        self._last_at = played.start

    def write_cards(self) -> Iterator[float]:
        """Writes all cards as they are at the end; yields how far it has come."""
        wanted = self._played.wish.cards
        for first in range(1, wanted + 1, AT_ONCE):
            last = min(wanted, first + AT_ONCE - 1)
            self._write_cards(self._played.lives.cards(first, last))
            yield last / wanted
        bulk_load.set_counts(self._tx, self._counts)

    def _write_cards(self, cards: Cards) -> None:
        looks = self._played.looks
        some = slice(int(cards.numbers[0]) - 1, int(cards.numbers[-1]))
        ids = (cards.numbers + self._first_id - 1).tolist()
        kinds = looks.kinds[some].tolist()
        label_ids = [self._labels[i] for i in looks.labels[some].tolist()]
        nobody, mine = ids_text([]), ids_text([self._actor.id])
        due = looks.due_in[some]
        days = cards.created_at.astype("datetime64[us]").astype("datetime64[D]") + due
        rows = zip(
            ids,
            repeat(self._board.id),
            cards.numbers.tolist(),
            [
                self._titles[kind][title % len(self._titles[kind])]
                for kind, title in zip(kinds, looks.titles[some].tolist(), strict=True)
            ],
            [DESCRIPTION if edited else "" for edited in cards.edited.tolist()],
            [TYPES[kind] for kind in kinds],
            [CLASSES[each] for each in looks.classes[some].tolist()],
            [TEAMS[kind] for kind in kinds],
            [day if left else None for day, left in zip(days.astype(str), due, strict=True)],
            repeat(None),
            cards.versions.tolist(),
            repeat(self._actor.id),
            self._columns[cards.cells].tolist(),
            self._lanes[cards.cells].tolist(),
            cards.ranks.tolist(),
            _or_none(cards.archived_at),
            _or_none(cards.discarded_at),
            cards.created_at.tolist(),
            cards.entered_at.tolist(),
            _or_none(cards.started_at),
            _or_none(cards.done_at),
            _or_none(cards.lead_time),
            _or_none(cards.cycle_time),
            cards.process_time.tolist(),
            _or_none(cards.working_since),
            cards.blocked_time.tolist(),
            cards.was_blocked.tolist(),
            [mine if assigned else nobody for assigned in cards.assigned.tolist()],
            [ids_text(labels) for labels in label_ids],
        )
        bulk_load.load_cards(self._tx, rows)
        of_cards = zip(ids, cards.assigned.tolist(), strict=True)
        bulk_load.load_assignees(
            self._tx, ((card_id, self._actor.id) for card_id, assigned in of_cards if assigned)
        )
        bulk_load.load_labels(
            self._tx,
            (
                (card_id, label)
                for card_id, labels in zip(ids, label_ids, strict=True)
                for label in labels
            ),
        )
        live = (cards.archived_at == NONE) & (cards.discarded_at == NONE)
        for cell, count in enumerate(np.bincount(cards.cells[live], minlength=16).tolist()):
            self._counts[self._cells[cell]] += count

    def write_events(self) -> Iterator[float]:
        """Writes the history, and what it ended: stays and blocked intervals; yields how far it
        has come."""
        played, board = self._played, self._board
        teller = Teller(
            board.shape,
            played.looks,
            self._titles,
            played.first_limits,
            played.changes,
            self._first_id,
            self._actor.id,
        )
        seq = board.seq
        for story in played.told():
            reel = Reel(np.empty(0), story.codes)
            kinds, ids = reel.kinds, reel.numbers + self._first_id - 1
            count = len(kinds)
            rows = zip(
                repeat(board.id, count),
                range(seq + 1, seq + count + 1),
                story.at.tolist(),
                [NAMES[kind] for kind in kinds.tolist()],
                repeat(self._actor.id),
                _or_none(np.where(kinds == tape.LIMITED, NONE, ids)),
                teller.data_of(story),
            )
            bulk_load.load_events(self._tx, rows)
            self._write_visits(story, reel, ids)
            self._write_blocks(story, reel, ids)
            seq += count
            self._last_at = int(story.at[-1])
            yield (seq - board.seq) / played.events
        self._tx.run(
            _STANDS,
            board=board.id,
            to_seq=seq,
            number=played.wish.cards,
            changed=self._last_at,
        )
        self._tx.boards.add(board.id)

    def _write_visits(self, story: Story, reel: Reel, ids: Ints) -> None:
        (which,) = np.nonzero((reel.kinds == tape.MOVED) & (story.since != NONE))
        rows = zip(
            repeat(self._board.id, len(which)),
            ids[which].tolist(),
            self._columns[reel.source[which]].tolist(),
            story.since[which].tolist(),
            story.at[which].tolist(),
            strict=True,
        )
        bulk_load.load_visits(self._tx, rows)

    def _write_blocks(self, story: Story, reel: Reel, ids: Ints) -> None:
        (which,) = np.nonzero(reel.kinds == tape.UNBLOCKED)
        numbers = reel.numbers[which].tolist()
        rows = (
            (
                *(self._board.id, card_id, *REASONS[code & 255], since, self._actor.id),
                *(at, self._actor.id, note_of(number)),
            )
            for card_id, code, since, at, number in zip(
                ids[which].tolist(),
                story.codes[which].tolist(),
                story.since[which].tolist(),
                story.at[which].tolist(),
                numbers,
                strict=True,
            )
        )
        bulk_load.load_blocks(self._tx, rows)

    def write_ends(self) -> None:
        """Writes the stays and blocked intervals that go on."""
        wanted, lives = self._played.wish.cards, self._played.lives
        blocked = []
        for first in range(1, wanted + 1, AT_ONCE):
            cards = lives.cards(first, min(wanted, first + AT_ONCE - 1))
            ids = cards.numbers + self._first_id - 1
            rows = zip(
                repeat(self._board.id),
                ids.tolist(),
                self._columns[cards.cells].tolist(),
                cards.entered_at.tolist(),
                repeat(None),
            )
            bulk_load.load_visits(self._tx, rows)
            blocked += [
                (
                    *(self._board.id, int(ids[i]), *REASONS[lives.reason[cards.numbers[i]]]),
                    *(int(cards.blocked_since[i]), self._actor.id, None, None, ""),
                )
                for i in np.flatnonzero(cards.blocked_since != NONE).tolist()
            ]
        bulk_load.load_blocks(self._tx, blocked)
        bulk_load.set_open_blocks(self._tx, [card_id for _, card_id, *_ in blocked])


def _or_none(values: Ints) -> list[int | None]:
    return [None if value == NONE else value for value in values.tolist()]
