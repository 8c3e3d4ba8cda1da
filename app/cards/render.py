"""Cards as the API shows them, and their clocks at a given moment."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from app import clock
from app.auth.actor import Actor
from app.auth.names import names_of
from app.call import Answer
from app.cards.labels import ids, read_labels
from app.cards.rows import CardRow
from app.db import Tx


def age(card: CardRow, now: int) -> int | None:
    """The age of a started, unfinished card in microseconds; None for any other."""
    if card.started_at is None or card.done_at is not None:
        return None
    return max(0, now - card.started_at)


def process_time(card: CardRow, now: int) -> int:
    """Time in active columns while not blocked, up to now, in microseconds."""
    if card.working_since is None:
        return card.process_time
    return card.process_time + max(0, now - card.working_since)


def blocked_time(card: CardRow, now: int) -> int:
    """Blocked time up to done or now, in microseconds."""
    if card.block_since is None or card.done_at is not None:
        return card.blocked_time
    return card.blocked_time + max(0, now - card.block_since)


def card_json(
    card: CardRow, now: int, people: Mapping[int, str], labels: Mapping[int, str]
) -> dict[str, Any]:
    """A card as the API shows it, with the names of its people and labels."""
    iso = clock.iso_or_none
    seconds = clock.seconds_or_none
    return {
        "id": card.id,
        "number": card.number,
        "ref": card.ref,
        "board": card.board_key,
        "title": card.title,
        "description": card.description,
        "column_id": card.column_id,
        "lane_id": card.lane_id,
        "position": card.rank,
        "work_type": card.work_type,
        "service_class": card.service_class,
        "team": card.team,
        "assignees": [{"id": i, "name": people[i]} for i in ids(card.assignee_ids)],
        "labels": sorted(labels[i] for i in ids(card.label_ids)),
        "due_on": card.due_on,
        "external_id": card.external_id,
        "comment_count": card.comment_count,
        "checklist": {"done": card.checked_count, "total": card.item_count},
        "version": card.version,
        "created_at": clock.iso(card.created_at),
        "started_at": iso(card.started_at),
        "done_at": iso(card.done_at),
        "lead_time": seconds(card.lead_time),
        "cycle_time": seconds(card.cycle_time),
        "process_time": clock.seconds(process_time(card, now)),
        "age": seconds(age(card, now)),
        "blocked": None
        if card.block_id is None
        else {
            "reason": card.block_reason,
            "category": card.block_category,
            "since": iso(card.block_since),
            "by": _person(card.block_by, card.blocker_name),
        },
        "blocked_time": clock.seconds(blocked_time(card, now)),
        "archived_at": iso(card.archived_at),
        "created_by": _person(card.created_by, card.creator_name),
    }


def cards_json(tx: Tx, cards: Sequence[CardRow]) -> list[dict[str, Any]]:
    """Cards of one board as the API shows them."""
    if not cards:
        return []
    now = clock.now()
    people = names_of(tx, {i for card in cards for i in ids(card.assignee_ids)})
    labelled = any(card.label_ids != "[]" for card in cards)
    labels = read_labels(tx, cards[0].board_id) if labelled else {}
    return [card_json(card, now, people, labels) for card in cards]


def card_answer(tx: Tx, actor: Actor, card: CardRow, status: int = 200) -> Answer:
    """A card as the answer of a route, with its version as the ETag."""
    return _answer(cards_json(tx, [card])[0], card, status)


def created_answer(tx: Tx, actor: Actor, card: CardRow) -> Answer:
    """A new card as the answer of a route."""
    return card_answer(tx, actor, card, 201)


def moved_answer(tx: Tx, actor: Actor, card: CardRow) -> Answer:
    """A moved card as the answer of a route."""
    return _answer({"card": cards_json(tx, [card])[0]}, card, 200)


def _answer(body: Any, card: CardRow, status: int) -> Answer:
    return Answer(status, orjson.dumps(body), {"ETag": f'"{card.version}"'})


def _person(person_id: int | None, name: str | None) -> dict[str, Any] | None:
    return None if person_id is None else {"id": person_id, "name": name}
