"""A card's story in plain words: what happened to it, and what blocks it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from app.auth.names import names_of
from app.boards.activity import EventRow
from app.boards.history import OpenBoard
from app.cards.labels import read_labels
from app.cards.refs import visible_refs
from app.cards.rows import CardRow
from app.cards.story_details import detail_sentence, other_cards_of, people_of
from app.db import Query, Tx
from app.models import Column, Lane
from app.words import Moment, moment, short_duration

CATEGORY_WORDS = {
    "waiting_on_team": "Waiting on another team",
    "waiting_on_vendor": "Waiting on a vendor",
    "waiting_on_customer": "Waiting on a customer",
    "environment": "Environment",
    "approval": "Approval",
    "defect": "Defect",
    "missing_information": "Missing information",
    "dependency": "Dependency",
    "manual_work": "Manual work",
    "other": "Other",
}
TYPE_WORDS = {
    "feature": "Feature",
    "defect": "Defect",
    "debt": "Technical debt",
    "improvement": "Improvement",
    "ops": "Operations work",
    "incident": "Incident",
}
CLASS_WORDS = {
    "standard": "Standard",
    "fixed_date": "Fixed date",
    "expedite": "Expedite",
    "intangible": "Intangible",
}
_FIELD_WORDS = {
    "title": "the title",
    "description": "the description",
    "work_type": "the type",
    "service_class": "the class of service",
    "team": "the team",
    "due_on": "the due date",
    "external_id": "the id elsewhere",
    "labels": "the labels",
}

# What an event that took something back took back.
_UNDID = {
    "card.moved": "undid a move",
    "card.reordered": "undid a move",
    "card.edited": "undid an edit",
    "card.assigned": "undid an assignment",
    "card.blocked": "undid an unblocking",
    "card.unblocked": "undid a block",
    "card.archived": "undid a restoring",
    "card.restored": "undid an archiving",
}


class _Name(NamedTuple):
    id: int
    name: str
    kind: str


class Entry(NamedTuple):
    """Something that happened to a card."""

    at: Moment
    actor: str
    sentence: str


_COLUMN_NAMES = Query(
    select(Column.id, Column.name, Column.kind).where(Column.board_id == bindparam("board_id")),
    _Name,
)
_LANE_NAMES = Query(
    select(Lane.id, Lane.name, Lane.name.label("kind")).where(
        Lane.board_id == bindparam("board_id")
    ),
    _Name,
)


def blocked_now(card: CardRow, board: OpenBoard) -> dict[str, Any]:
    """A blocked card's open block in words."""
    since = card.block_since or 0
    return {
        "reason": card.block_reason,
        "category_words": CATEGORY_WORDS[card.block_category or "other"],
        "since": moment(since, board.row.time_zone),
        "since_text": short_duration(board.now - since),
        "by": card.blocker_name,
    }


def history_of(tx: Tx, board: OpenBoard, events: Sequence[EventRow]) -> list[Entry]:
    """A card's events in plain words, newest first."""
    columns: dict[int, str] = {}
    lanes: dict[int, str] = {}
    labels: dict[int, str] = {}
    # A card that came from another board has its past there.
    for board_id in {board.id, *(event.board_id for event in events)}:
        columns |= {row.id: row.name for row in tx.all(_COLUMN_NAMES, board_id=board_id)}
        lanes |= {row.id: row.name for row in tx.all(_LANE_NAMES, board_id=board_id)}
        labels |= read_labels(tx, board_id)
    people = names_of(tx, {i for event in events for i in _people_in(event)})
    refs = visible_refs(tx, board.actor, (i for event in events for i in other_cards_of(event)))
    words = _Words(columns, lanes, labels, people, refs)
    return [
        Entry(
            moment(event.at, board.row.time_zone),
            event.actor_name or "Weir",
            words.sentence(event.type, event.facts, event.actor_id),
        )
        for event in reversed(events)
    ]


def _people_in(event: EventRow) -> set[int]:
    """The people whom the words of an event name."""
    if event.type == "card.assigned":
        return {*event.facts["from"], *event.facts["to"]}
    return people_of(event.facts) if event.type.startswith("comment.") else set()


class _Words:
    """Turns events into sentences; what was deleted keeps its name."""

    def __init__(
        self,
        columns: Mapping[int, str],
        lanes: Mapping[int, str],
        labels: Mapping[int, str],
        people: Mapping[int, str],
        refs: Mapping[int, str],
    ) -> None:
        self._columns = columns
        self._lanes = lanes
        self._labels = labels
        self._people = people
        self._refs = refs

    def sentence(self, kind: str, facts: Mapping[str, Any], actor_id: int | None) -> str:
        """One event as what its actor did."""
        said = self._said(kind, facts, actor_id)
        return f"{_UNDID.get(kind, 'undid it')}: {said}" if "undoes" in facts else said

    def _said(self, kind: str, facts: Mapping[str, Any], actor_id: int | None) -> str:
        if kind == "card.created":
            return f"created the card in {self._place(facts)}"
        if kind == "card.moved":
            return self._moved(facts)
        if kind == "card.blocked":
            return f"blocked it: {facts['reason']}"
        if kind == "card.unblocked":
            note = facts.get("note")
            return f"unblocked it: {note}" if note else "unblocked it"
        if kind == "card.edited":
            return "; ".join(self._edited(name, c) for name, c in facts["changes"].items())
        if kind == "card.assigned":
            return self._assigned(facts)
        if kind == "card.arrived":
            return self._arrived(facts)
        if kind == "move.refused":
            return self._refused(facts)
        plain = {
            "card.reordered": "gave it another place in its column",
            "card.archived": "archived it",
            "card.restored": "restored it from the archive",
            "card.discarded": "discarded it",
            "card.left": "moved it to another board",
        }.get(kind)
        names = (self._people, self._refs)
        return plain or detail_sentence(kind, facts, *names, actor_id) or kind

    def _place(self, facts: Mapping[str, Any]) -> str:
        return self._columns.get(facts["column_id"], "a column")

    def _moved(self, facts: Mapping[str, Any]) -> str:
        source, target = facts["from"], facts["to"]
        lane = self._lanes.get(target["lane_id"], "another lane")
        if source["column_id"] == target["column_id"]:
            return f"moved it to the lane {lane}"
        said = f"moved it from {self._place(source)} to {self._place(target)}"
        if source["lane_id"] != target["lane_id"]:
            said = f"{said}, lane {lane}"
        confirmed = facts.get("confirmed")
        return f"{said}, with all confirmed: {'; '.join(confirmed)}" if confirmed else said

    def _edited(self, name: str, change: Mapping[str, Any]) -> str:
        what = _FIELD_WORDS.get(name, name)
        if name == "description":
            return "changed the description"
        old, new = change["from"], change["to"]
        if name == "labels":
            old = ", ".join(self._labels.get(i, "?") for i in old)
            new = ", ".join(self._labels.get(i, "?") for i in new)
        elif name == "work_type":
            old, new = TYPE_WORDS[old], TYPE_WORDS[new]
        elif name == "service_class":
            old, new = CLASS_WORDS[old], CLASS_WORDS[new]
        if not new:
            return f"took away {what} (it was {old})"
        return f"set {what} to {new}" if not old else f"changed {what} from {old} to {new}"

    def _arrived(self, facts: Mapping[str, Any]) -> str:
        said = [f"moved it here from another board, where it was {facts['from']['ref']}"]
        said[0] += f", to {self._place(facts)}"
        if "dropped_assignee_ids" in facts:
            dropped = (self._people.get(i, "somebody") for i in facts["dropped_assignee_ids"])
            said.append(f"{', '.join(dropped)} cannot have it here")
        if "dropped_team" in facts:
            said.append(f"there is no team {facts['dropped_team']} here")
        return "; ".join(said)

    def _assigned(self, facts: Mapping[str, Any]) -> str:
        had, has = set(facts["from"]), set(facts["to"])
        added = ", ".join(self._people.get(i, "somebody") for i in sorted(has - had))
        taken = ", ".join(self._people.get(i, "somebody") for i in sorted(had - has))
        said = []
        if added:
            said.append(f"assigned it to {added}")
        if taken:
            said.append(f"took it from {taken}")
        return " and ".join(said)

    def _refused(self, facts: Mapping[str, Any]) -> str:
        to = facts.get("to")
        where = self._place(to) if to else "its place"
        action = "put it into" if facts.get("action") in {"create", "restore"} else "move it to"
        if facts["scope"] == "blocked":
            return f"tried to move it to {where} while it was blocked"
        if facts["scope"] == "andon":
            return f"tried to {action} {where} while the andon cord was pulled"
        place, limit, count = facts["place"]["name"], facts["limit"], facts["count"]
        return f"tried to {action} {where}: {place} had {count} of {limit}"
