"""The faces of a board's cards: every word chosen, every card's HTML at hand.

A card's HTML is kept by card, version and what else its face shows: the words that time changes,
the age beside the board's past, the names of people and labels.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from markupsafe import Markup, escape
from sqlalchemy import Select, bindparam, func, select

from app import clock
from app.auth.names import names_of
from app.boards.history import OpenBoard
from app.boards.shape import ACTIVE
from app.boards.views import Age, CardFace, Chip, Due, Person
from app.cards.labels import ids
from app.cards.pace import FEWEST, bars_of, bars_words, promised
from app.cards.past import past_of
from app.days import day_of, start_of_day
from app.db import Query, Tx
from app.models import BlockedInterval, Card, CardAssignee, Column, Label
from app.web import Web, initials
from app.words import count_of, due_words, short_duration, within_words

KEPT_FACES = 20_000
DUE_SOON_DAYS = 2
MOST_FACTS = 3
LABELS_SHOWN = 2
# So long a title may be cut after three lines.
LONG_TITLE = 80


class FaceRow(NamedTuple):
    """What a card's face needs of it."""

    id: int
    number: int
    title: str
    version: int
    column_id: int
    lane_id: int
    rank: int
    work_type: str
    service_class: str
    team: str | None
    due_on: str | None
    assignee_ids: str
    label_ids: str
    comment_count: int
    item_count: int
    checked_count: int
    started_at: int | None
    done_at: int | None
    block_reason: str | None
    block_since: int | None


class _LabelRow(NamedTuple):
    id: int
    name: str
    color: str


class _Load(NamedTuple):
    user_id: int
    cards: int


def select_faces() -> Select[*tuple[Any, ...]]:
    """The statement that every read of faces starts from: the cards that stand on a board."""
    return (
        select(
            Card.id,
            Card.number,
            Card.title,
            Card.version,
            Card.column_id,
            Card.lane_id,
            Card.rank,
            Card.work_type,
            Card.service_class,
            Card.team,
            Card.due_on,
            Card.assignee_ids,
            Card.label_ids,
            Card.comment_count,
            Card.item_count,
            Card.checked_count,
            Card.started_at,
            Card.done_at,
            BlockedInterval.reason.label("block_reason"),
            BlockedInterval.started_at.label("block_since"),
        )
        .select_from(Card)
        .outerjoin(BlockedInterval, BlockedInterval.id == Card.block_id)
        .where(Card.archived_at.is_(None), Card.discarded_at.is_(None))
    )


_LABELS = Query(
    select(Label.id, Label.name, Label.color)
    .where(Label.board_id == bindparam("board_id"))
    .order_by(Label.id),
    _LabelRow,
)
_LOADS = Query(
    select(CardAssignee.user_id, func.count().label("cards"))
    .join(Card, Card.id == CardAssignee.card_id)
    .join(Column, Column.id == Card.column_id)
    .where(
        Column.board_id == bindparam("board_id"),
        Column.kind == ACTIVE,
        Column.deleted_at.is_(None),
        Card.archived_at.is_(None),
        Card.discarded_at.is_(None),
    )
    .group_by(CardAssignee.user_id),
    _Load,
)


class Painter:
    """Makes the HTML of a board's cards for one viewer at one moment (of a minute)."""

    def __init__(self, tx: Tx, web: Web, board: OpenBoard) -> None:
        self.tx = tx
        self.web = web
        self.board = board
        # Words of time change by the minute, so what is made of them can be kept that long.
        self.now = board.now - board.now % clock.MINUTE
        self.today = day_of(self.now, board.row.time_zone)
        self.full = full_people(tx, board)
        self._template: Any = web.templates.get_template("boards/_card.html").module
        self._expedite = {lane.id for lane in board.shape.lanes if lane.expedite}
        self._url = f"/boards/{board.row.key}/cards/"
        self._past = past_of(tx, board)
        self._pace_words = {
            column_id: f"85 % had left {board.shape.column[column_id].name} "
            f"within {within_words(promised(pace))}"
            for column_id, pace in self._past.pace.items()
        }
        self._labels: dict[int, Chip] | None = None
        self._people: dict[int, str] = {}
        self._faces: dict[int, Person] = {}
        self._made: dict[tuple[Any, ...], Markup] = {}
        self._groups: dict[str, tuple[Markup, str]] = {}
        self._chosen: dict[str, tuple[list[Chip], str]] = {}

    def cards(self, rows: Iterable[FaceRow]) -> list[Markup]:
        """The HTML of some cards."""
        rows = list(rows)
        missing = {i for row in rows for i in ids(row.assignee_ids)} - self._people.keys()
        if missing:
            self._people.update(names_of(self.tx, missing))
        faces: dict[Any, Markup] = self.tx.memory.setdefault("faces", {})
        if len(faces) > KEPT_FACES:
            faces.clear()
        shape = self.board.row.shape
        may_work = self.board.may_work
        # As texts, which remember their hash.
        people = repr((sorted(self._people.items()), sorted(self.full.items())))
        labels = repr(self._chips()) if any(row.label_ids != "[]" for row in rows) else ""
        made = []
        for row in rows:
            age, blocked, due = self._age(row), self._blocked(row), self._due(row)
            key = (
                row.id,
                row.version,
                age,
                blocked,
                due,
                row.comment_count,
                row.item_count,
                row.checked_count,
                may_work,
                shape,
                people if row.assignee_ids != "[]" else None,
                labels if row.label_ids != "[]" else None,
            )
            html = faces.get(key)
            if html is None:
                html = faces[key] = self._template.card_item(*self._face(row, age, blocked, due))
            made.append(html)
        return made

    def _face(
        self, row: FaceRow, age: Age | None, blocked: str | None, due: Due | None
    ) -> CardFace:
        expedite = row.service_class == "expedite" or row.lane_id in self._expedite
        ref = f"{self.board.row.key}-{row.number}"
        people, people_words = self._assigned(row.assignee_ids)
        chips, chip_words = self._labelled(row.label_ids)
        return CardFace(
            id=row.id,
            version=row.version,
            ref=escape(ref),
            url=escape(f"{self._url}{row.number}"),
            title=escape(row.title),
            long_title=len(row.title) > LONG_TITLE,
            expedite=expedite,
            blocked_text=None if blocked is None else escape(blocked),
            spoken=escape(
                ", ".join(_spoken(row, ref, expedite, people_words, due, age, blocked, chip_words))
            ),
            marks=self._marks(row.team, expedite, row.service_class, due),
            people=people,
            facts=self._facts(row, age, chips),
            may_work=self.board.may_work,
        )

    # Many cards have the same marks, people and facts: each of these is rendered once.

    def _marks(self, *marks: Any) -> Markup:
        html = self._made.get(marks)
        if html is None:
            html = self._made[marks] = self._template.card_marks(*marks)
        return html

    def _assigned(self, assignee_ids: str) -> tuple[Markup, str]:
        found = self._groups.get(assignee_ids)
        if found is None:
            people = [self._face_of(i) for i in ids(assignee_ids)]
            words = " and ".join(
                f"{person.name} ({person.full})" if person.full else person.name
                for person in people
            )
            found = self._groups[assignee_ids] = (self._template.card_people(people), words)
        return found

    def _labelled(self, label_ids: str) -> tuple[list[Chip], str]:
        found = self._chosen.get(label_ids)
        if found is None:
            known = self._chips() if label_ids != "[]" else {}
            chips = sorted(known[i] for i in ids(label_ids) if i in known)
            found = self._chosen[label_ids] = (chips, ", ".join(chip.name for chip in chips))
        return found

    def _facts(self, row: FaceRow, age: Age | None, chips: list[Chip]) -> Markup:
        counts = (row.item_count, row.checked_count, row.comment_count)
        key = (age, *counts, row.label_ids, row.work_type)
        html = self._made.get(key)
        if html is None:
            room = MOST_FACTS - bool(age) - bool(row.item_count) - bool(row.comment_count)
            html = self._made[key] = self._template.card_facts(
                age,
                f"{row.checked_count}/{row.item_count}" if row.item_count else None,
                row.comment_count,
                chips[:LABELS_SHOWN] if room > 0 else [],
                max(0, len(chips) - LABELS_SHOWN) if room > 0 else 0,
                row.work_type if row.work_type != "feature" and room > bool(chips) else None,
            )
        return html

    def _age(self, row: FaceRow) -> Age | None:
        if row.started_at is None or row.done_at is not None:
            return None
        age = self.now - row.started_at
        text = short_duration(age)
        pace = self._past.pace.get(row.column_id)
        if pace is None:
            return Age(text, None, f"Started {text} ago. Bars come with {FEWEST} finished cards.")
        bars = bars_of(age, pace)
        words = bars_words(bars)
        return Age(text, bars, f"{text}, {words}: {self._pace_words[row.column_id]}")

    def _due(self, row: FaceRow) -> Due | None:
        """When a card is due, and how that is to be taken: a fixed date is pressing as soon as
        less is left than 85 % of the board's cards were done in."""
        if row.due_on is None or row.done_at is not None:
            return None
        due = date.fromisoformat(row.due_on)
        days = (due - self.today).days
        if days < 0:
            return Due(due_words(due, self.today), "late")
        pressing = days <= DUE_SOON_DAYS
        promise = self._past.promise
        if row.service_class == "fixed_date" and promise is not None:
            latest = start_of_day(due, self.board.row.time_zone) - promise
            pressing = latest <= self.now
        return Due(due_words(due, self.today), "soon" if pressing else "quiet")

    def _blocked(self, row: FaceRow) -> str | None:
        if row.block_since is None:
            return None
        return f"{row.block_reason} · {short_duration(self.now - row.block_since)}"

    def _chips(self) -> dict[int, Chip]:
        if self._labels is None:
            rows = self.tx.all(_LABELS, board_id=self.board.id)
            self._labels = {row.id: Chip(row.name, row.color) for row in rows}
        return self._labels

    def _face_of(self, user_id: int) -> Person:
        face = self._faces.get(user_id)
        if face is None:
            if user_id not in self._people:
                self._people.update(names_of(self.tx, {user_id}))
            face = self._faces[user_id] = person_of(user_id, self._people[user_id], self.full)
        return face


def person_of(user_id: int, name: str, full: Mapping[int, str]) -> Person:
    """A person as a face; `full` says whose limit of work is reached."""
    return Person(user_id, name, initials(name), f"hue-{user_id % 8}", full.get(user_id, ""))


def full_people(tx: Tx, board: OpenBoard) -> dict[int, str]:
    """Who has as much work in active columns as a person may have on the board, in words."""
    limit = board.shape.person_wip_limit
    if limit is None:
        return {}
    return {
        load.user_id: f"{load.cards} of {limit} in work" + ", over" * (load.cards > limit)
        for load in tx.all(_LOADS, board_id=board.id)
        if load.cards >= limit
    }


def _spoken(
    row: FaceRow,
    ref: str,
    expedite: bool,
    people: str,
    due: Due | None,
    age: Age | None,
    blocked: str | None,
    labels: str,
) -> list[str]:
    """What a screen reader says of a card after its title."""
    words = [ref]
    if row.team:
        words.append(row.team.capitalize())
    if expedite:
        words.append("expedite")
    if people:
        words.append(f"assigned to {people}")
    if due:
        words.append(due.text.lower())
    if age:
        words.append(f"age {age.text}")
        if age.bars is not None:
            words.append(bars_words(age.bars))
    if blocked:
        words.append(f"blocked: {blocked}")
    if row.item_count:
        words.append(f"{row.checked_count} of {row.item_count} checked")
    if row.comment_count:
        words.append(count_of(row.comment_count, "comment"))
    if labels:
        words.append(f"labelled {labels}")
    return words
