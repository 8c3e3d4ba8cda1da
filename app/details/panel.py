"""The panel of a card: everything that a person sees and edits of it, every word chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from app.auth.names import names_of
from app.boards.activity import EventRow, events_of_card
from app.boards.history import OpenBoard
from app.boards.membership import members_of
from app.boards.shape import DONE
from app.boards.views import Notice
from app.cards.faces import full_people, person_of
from app.cards.labels import ids
from app.cards.render import age, blocked_time, process_time
from app.cards.rows import CardRow
from app.cards.story import CATEGORY_WORDS, CLASS_WORDS, TYPE_WORDS, blocked_now, history_of
from app.cards.vocabulary import SERVICE_CLASSES, WORK_TYPES
from app.db import Tx
from app.details.checklists import ChecklistView, checklists_of
from app.details.comments import CommentRow, comments_of
from app.details.linked import (
    BLOCKED_BY,
    BLOCKS,
    CHILD_OF,
    PARENT_OF,
    RELATES_TO,
    LinkRow,
    links_of,
)
from app.details.picture import picture_of
from app.details.queries import BlockRow, blocks_of, labels_of_board, visits_of
from app.details.texts import seen_mark
from app.details.weblinks import WebLinkRow, web_links_of
from app.web import safe_url
from app.words import day_words, long_duration, moment

HISTORY_SHOWN = 30
COMMENTS_SHOWN = 50
LINK_WORDS = {
    BLOCKED_BY: "Blocked by",
    BLOCKS: "Blocks",
    CHILD_OF: "Part of",
    PARENT_OF: "Parent of",
    RELATES_TO: "Relates to",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What stood in the way of a change: where in the panel it belongs, what was typed there, and
    what somebody else has saved meanwhile."""

    at: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: Notice | None = None
    is_conflict: bool = False


def panel_view(
    tx: Tx,
    board: OpenBoard,
    row: CardRow,
    *,
    trouble: Trouble | None = None,
    whole: str | None = None,
) -> dict[str, Any]:
    """A card's panel for one person; the same few statements for any card."""
    shape, zone = board.shape, board.row.time_zone
    trouble = trouble or Trouble()
    events = events_of_card(tx, row.id)
    members = members_of(tx, board.id)
    blocks = blocks_of(tx, row.id)
    column, lane = shape.column.get(row.column_id), shape.lane.get(row.lane_id)
    group = None if column is None or column.group_id is None else shape.group[column.group_id]
    shown = events if whole == "history" else events[-HISTORY_SHOWN:]
    said = comments_of(tx, row.id)
    last_said = said if whole == "comments" else said[-COMMENTS_SHOWN:]
    url = f"/boards/{board.row.key}/cards/{row.number}"
    return {
        "id": row.id,
        "ref": row.ref,
        "url": url,
        "board_url": f"/boards/{board.row.key}",
        "board_title": f"{board.row.name} ({board.row.key}) · Weir",
        "page_title": f"{row.ref} {row.title}",
        "title": row.title,
        "description": row.description,
        "version": row.version,
        "seq": board.seq,
        "seen": {"title": seen_mark(row.title), "description": seen_mark(row.description)},
        "column_name": "a deleted column" if column is None else column.name,
        "column_kind": "queue" if column is None else column.kind,
        "group_name": None if group is None else group.name,
        "lane_name": lane.name if lane is not None and len(shape.lanes) > 1 else None,
        "archived": row.archived_at is not None,
        "is_done": column is not None and column.kind == DONE,
        "may_work": board.may_work and board.row.archived_at is None,
        "fields": _fields(tx, board, row, members),
        "people": members,
        "created_by": row.creator_name,
        "created": moment(row.created_at, zone),
        "blocked": None if row.block_id is None else blocked_now(row, board),
        "blocks": [_block(block, board.now, zone) for block in blocks],
        "checklists": [_checklist(each) for each in checklists_of(tx, row.id)],
        "links": [_link(link) for link in _in_order(links_of(tx, board.actor, row.id))],
        "link_kinds": list(LINK_WORDS.items()),
        "web_links": [_web_link(link) for link in web_links_of(tx, row.id)],
        "comments": [_comment(each, board) for each in last_said],
        "comments_more": len(said) - len(last_said),
        "picture": picture_of(
            visits_of(tx, row.id),
            blocks,
            start=row.created_at,
            done_at=row.done_at,
            now=board.now,
            zone=zone,
        ),
        "clocks": _clocks(row, board.now, zone),
        "history": history_of(tx, board, shown),
        "history_more": len(events) - len(shown),
        "trouble": trouble,
        "conflict_by": _last_editor(events, trouble.at) if trouble.is_conflict else None,
    }


def _fields(tx: Tx, board: OpenBoard, row: CardRow, members: Sequence[Any]) -> dict[str, Any]:
    assigned, labelled = ids(row.assignee_ids), set(ids(row.label_ids))
    people = {member.user_id: member.name for member in members}
    known = labels_of_board(tx, board.id)
    # Somebody who has left the board may still stand on the card.
    left = [user_id for user_id in assigned if user_id not in people]
    people |= names_of(tx, left)
    full = full_people(tx, board)
    teams = board.teams
    if row.team is not None and row.team not in teams:
        teams.append(row.team)
    return {
        "work_type": row.work_type,
        "work_types": [(value, TYPE_WORDS[value]) for value in WORK_TYPES],
        "work_type_words": TYPE_WORDS[row.work_type],
        "service_class": row.service_class,
        "service_classes": [(value, CLASS_WORDS[value]) for value in SERVICE_CLASSES],
        "service_class_words": CLASS_WORDS[row.service_class],
        "team": row.team,
        "team_class": row.team if row.team in {"dev", "ops"} else "other",
        "teams": [(team, team.capitalize()) for team in teams],
        "due_on": row.due_on,
        "due_words": None if row.due_on is None else day_words(date.fromisoformat(row.due_on)),
        "external_id": row.external_id,
        "assignees": [person_of(user_id, people[user_id], full) for user_id in assigned],
        "members": [
            (person_of(user_id, name, full), user_id in assigned)
            for user_id, name in people.items()
        ],
        "labels": [label for label in known if label.id in labelled],
        "all_labels": [
            (label, label.id in labelled)
            for label in known
            if label.removed_at is None or label.id in labelled
        ],
    }


def _checklist(view: ChecklistView) -> dict[str, Any]:
    done = sum(item.checked_at is not None for item in view.items)
    return {
        "id": view.id,
        "name": view.name,
        "items": view.items,
        "done": done,
        "share": round(100 * done / len(view.items)) if view.items else 0,
    }


def _in_order(links: Sequence[LinkRow]) -> list[LinkRow]:
    """Links of one kind stand together."""
    kinds = list(LINK_WORDS)
    return sorted(links, key=lambda link: (kinds.index(link.kind), link.id))


def _link(link: LinkRow) -> dict[str, Any]:
    return {
        "id": link.id,
        "kind_words": LINK_WORDS[link.kind],
        "ref": link.ref,
        "url": f"/boards/{link.board_key}/cards/{link.number}",
        "title": link.title,
        "column_name": link.column_name,
        "done": link.done_at is not None,
        "blocked": link.block_id is not None and link.done_at is None,
        "archived": link.archived_at is not None,
    }


def _web_link(link: WebLinkRow) -> dict[str, Any]:
    return {
        "id": link.id,
        "url": link.url,
        "href": safe_url(link.url),
        "title": link.title,
        "host": urlsplit(link.url).hostname or link.url,
    }


def _comment(row: CommentRow, board: OpenBoard) -> dict[str, Any]:
    own = row.author_id is not None and row.author_id == board.actor_id
    works = board.may_work and board.row.archived_at is None
    edited = None if row.edited_at is None else moment(row.edited_at, board.row.time_zone)
    return {
        "id": row.id,
        "author": person_of(row.author_id or 0, row.author_name or "Weir", {}),
        "body": row.body,
        "at": moment(row.created_at, board.row.time_zone),
        "edited": edited,
        "deleted": row.deleted_at is not None,
        "may_edit": own and works,
        "may_delete": (own or board.may_manage) and works,
    }


def _block(block: BlockRow, now: int, zone: str) -> dict[str, Any]:
    until = now if block.ended_at is None else block.ended_at
    return {
        "reason": block.reason,
        "category_words": CATEGORY_WORDS[block.category],
        "since": moment(block.started_at, zone),
        "until": None if block.ended_at is None else moment(block.ended_at, zone),
        "words": long_duration(until - block.started_at),
        "note": block.note,
        "by": block.by,
        "ended_by": block.ended_by,
    }


def _clocks(row: CardRow, now: int, zone: str) -> list[dict[str, str]]:
    """A card's clocks in words, with what each of them means."""
    if row.lead_time is None:
        shown = [("Lead time", long_duration(now - row.created_at), "so far, since it was made")]
    else:
        shown = [("Lead time", long_duration(row.lead_time), "from made to done")]
    if row.done_at is not None:
        cycle = "never started" if row.cycle_time is None else long_duration(row.cycle_time)
        shown.append(("Cycle time", cycle, "from started to done"))
    else:
        since = age(row, now)
        words = "not started" if since is None else long_duration(since)
        help_text = "" if row.started_at is None else f"since {moment(row.started_at, zone).words}"
        shown.append(("Age", words, help_text))
    working = process_time(row, now)
    shown.append(("Process time", long_duration(working), "worked on and not blocked"))
    shown.append(("Blocked", long_duration(blocked_time(row, now)), ""))
    if row.lead_time:
        share = f"{round(100 * working / row.lead_time)} %"
        shown.append(("Flow efficiency", share, "process time of the lead time"))
    return [{"name": name, "words": words, "help": text} for name, words, text in shown]


def _last_editor(events: Sequence[EventRow], name: str) -> str | None:
    """Who changed a field last."""
    return next(
        (
            event.actor_name
            for event in reversed(events)
            if event.type == "card.edited" and (not name or name in event.facts["changes"])
        ),
        None,
    )
