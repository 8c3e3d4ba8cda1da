"""A card's checklists: named lists of things to do, each of them done or not."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update

from app import clock
from app.auth.actor import Actor
from app.boards.history import Fact, OpenBoard, record
from app.cards.counts import count_details
from app.cards.rows import CardRow
from app.db import Query, Statement, Tx
from app.details.opened import lock_card, lock_card_of
from app.errors import Conflict, NotFound
from app.models import Checklist, ChecklistItem, User

MOST_LISTS = 20
MOST_ITEMS = 200


class ItemRow(NamedTuple):
    """One thing to do; `checked_at` is null until it is done."""

    id: int
    checklist_id: int
    text: str
    position: int
    checked_at: int | None
    checked_by: int | None
    checker_name: str | None


class ChecklistView(NamedTuple):
    """A checklist with what is on it, in order."""

    id: int
    card_id: int
    name: str
    position: int
    items: list[ItemRow]


class _ListRow(NamedTuple):
    id: int
    card_id: int
    name: str
    position: int


class _IdRow(NamedTuple):
    id: int


_LISTS = Query(
    select(Checklist.id, Checklist.card_id, Checklist.name, Checklist.position)
    .where(Checklist.card_id == bindparam("card_id"))
    .order_by(Checklist.position, Checklist.id),
    _ListRow,
)
_SELECT_ITEMS = (
    select(
        ChecklistItem.id,
        ChecklistItem.checklist_id,
        ChecklistItem.text,
        ChecklistItem.position,
        ChecklistItem.checked_at,
        ChecklistItem.checked_by,
        User.name.label("checker_name"),
    )
    .join(Checklist, Checklist.id == ChecklistItem.checklist_id)
    .outerjoin(User, User.id == ChecklistItem.checked_by)
    .order_by(ChecklistItem.position, ChecklistItem.id)
)
_ITEMS = Query(_SELECT_ITEMS.where(Checklist.card_id == bindparam("card_id")), ItemRow)
_OWNER_OF_LIST = Statement(select(Checklist.card_id).where(Checklist.id == bindparam("id")))
_OWNER_OF_ITEM = Statement(
    select(Checklist.card_id)
    .join(ChecklistItem, ChecklistItem.checklist_id == Checklist.id)
    .where(ChecklistItem.id == bindparam("id"))
)
_ADD_LIST = Query(
    insert(Checklist)
    .values(card_id=bindparam("card_id"), name=bindparam("name"), position=bindparam("position"))
    .returning(Checklist.id),
    _IdRow,
)
_RENAME_LIST = Statement(
    update(Checklist).where(Checklist.id == bindparam("list_id")).values(name=bindparam("name"))
)
_DELETE_LIST = Statement(delete(Checklist).where(Checklist.id == bindparam("list_id")))
_DELETE_ITEMS = Statement(
    delete(ChecklistItem).where(ChecklistItem.checklist_id == bindparam("list_id"))
)
_ADD_ITEM = Query(
    insert(ChecklistItem)
    .values(
        checklist_id=bindparam("checklist_id"),
        text=bindparam("text"),
        position=bindparam("position"),
    )
    .returning(ChecklistItem.id),
    _IdRow,
)
_SET_ITEM = Statement(
    update(ChecklistItem)
    .where(ChecklistItem.id == bindparam("item_id"))
    .values(
        text=bindparam("text"),
        checked_at=bindparam("checked_at"),
        checked_by=bindparam("checked_by"),
    )
)
_PLACE_ITEM = Statement(
    update(ChecklistItem)
    .where(ChecklistItem.id == bindparam("item_id"))
    .values(position=bindparam("place"))
)
_DELETE_ITEM = Statement(delete(ChecklistItem).where(ChecklistItem.id == bindparam("item_id")))


def add_checklist(
    tx: Tx, actor: Actor | None, card_id: int, name: str, items: Sequence[str] = ()
) -> ChecklistView:
    """Adds a checklist below the others of a card, with its first items if wanted."""
    board, card = lock_card(tx, actor, card_id)
    lists = tx.all(_LISTS, card_id=card.id)
    if len(lists) >= MOST_LISTS:
        raise Conflict(f"A card has at most {MOST_LISTS} checklists.")
    position = 1 + max((each.position for each in lists), default=-1)
    list_id = tx.one(_ADD_LIST, card_id=card.id, name=name, position=position).id
    for place, text in enumerate(items):
        tx.one(_ADD_ITEM, checklist_id=list_id, text=text, position=place)
    if items:
        count_details(tx, card.id)
    data = {"checklist_id": list_id, "name": name, "items": len(items)}
    record(tx, board, Fact("checklist.created", card.id, data))
    return _list_of(checklists_of(tx, card.id), list_id)


def rename_checklist(tx: Tx, actor: Actor | None, checklist_id: int, name: str) -> ChecklistView:
    """Gives a checklist another name."""
    board, card, found = _lock_list(tx, actor, checklist_id)
    if name == found.name:
        return found
    tx.run(_RENAME_LIST, list_id=checklist_id, name=name)
    changes = {"name": {"from": found.name, "to": name}}
    data = {"checklist_id": checklist_id, "name": name, "changes": changes}
    record(tx, board, Fact("checklist.changed", card.id, data))
    return found._replace(name=name)


def delete_checklist(tx: Tx, actor: Actor | None, checklist_id: int) -> ChecklistView:
    """Deletes a checklist with all that is on it; what it was is returned."""
    board, card, found = _lock_list(tx, actor, checklist_id)
    tx.run(_DELETE_ITEMS, list_id=checklist_id)
    tx.run(_DELETE_LIST, list_id=checklist_id)
    if found.items:
        count_details(tx, card.id)
    data = {"checklist_id": checklist_id, "name": found.name, "items": len(found.items)}
    record(tx, board, Fact("checklist.deleted", card.id, data))
    return found


def add_item(
    tx: Tx, actor: Actor | None, checklist_id: int, text: str, index: int | None = None
) -> ItemRow:
    """Adds something to do to a checklist: at an index from the top (from 0), or at the end."""
    board, card, found = _lock_list(tx, actor, checklist_id)
    if len(found.items) >= MOST_ITEMS:
        raise Conflict(f"A checklist has at most {MOST_ITEMS} items.")
    end = len(found.items)
    item_id = tx.one(_ADD_ITEM, checklist_id=checklist_id, text=text, position=end).id
    others = [item.id for item in found.items]
    at = end if index is None else min(index, end)
    _place(tx, found.items, [*others[:at], item_id, *others[at:]])
    count_details(tx, card.id)
    record(tx, board, Fact("item.added", card.id, _told(found, item_id, text)))
    return ItemRow(item_id, checklist_id, text, at, None, None, None)


def change_item(tx: Tx, actor: Actor | None, item_id: int, changes: dict[str, Any]) -> ItemRow:
    """Changes an item's `text`, whether it is done (`checked`), or its place (`index` from 0)."""
    board, card, found, item = _lock_item(tx, actor, item_id)
    text = changes.get("text", item.text)
    told = {} if text == item.text else {"text": {"from": item.text, "to": text}}
    facts = []
    now = item._replace(text=text)
    done = item.checked_at is not None
    if changes.get("checked", done) != done:
        now = now._replace(
            checked_at=None if done else board.now,
            checked_by=None if done else board.actor_id,
            checker_name=None if done or board.actor is None else board.actor.name,
        )
        facts.append(
            Fact("item.unchecked" if done else "item.checked", card.id, _told(found, item_id, text))
        )
    if now != item:
        values = {"text": text, "checked_at": now.checked_at, "checked_by": now.checked_by}
        tx.run(_SET_ITEM, item_id=item_id, **values)
    old = [each.id for each in found.items].index(item_id)
    new = min(changes.get("index", old), len(found.items) - 1)
    if new != old:
        told["index"] = {"from": old, "to": new}
        others = [each.id for each in found.items if each.id != item_id]
        _place(tx, found.items, [*others[:new], item_id, *others[new:]])
    if told:
        facts.insert(
            0, Fact("item.changed", card.id, {**_told(found, item_id, text), "changes": told})
        )
    if now.checked_at != item.checked_at:
        count_details(tx, card.id)
    record(tx, board, *facts)
    return now._replace(position=new)


def delete_item(tx: Tx, actor: Actor | None, item_id: int) -> ItemRow:
    """Takes an item off its checklist; what it was is returned."""
    board, card, found, item = _lock_item(tx, actor, item_id)
    tx.run(_DELETE_ITEM, item_id=item_id)
    count_details(tx, card.id)
    record(tx, board, Fact("item.deleted", card.id, _told(found, item_id, item.text)))
    return item


def checklists_of(tx: Tx, card_id: int) -> list[ChecklistView]:
    """A card's checklists with their items, in order: two statements for any number. Whoever asks
    has been found to see the card."""
    lists = {
        row.id: ChecklistView(row.id, row.card_id, row.name, row.position, [])
        for row in tx.all(_LISTS, card_id=card_id)
    }
    for item in tx.all(_ITEMS, card_id=card_id):
        lists[item.checklist_id].items.append(item)
    return list(lists.values())


def checklist_json(view: ChecklistView) -> dict[str, Any]:
    """A checklist as the API shows it."""
    return {
        "id": view.id,
        "card_id": view.card_id,
        "name": view.name,
        "items": [item_json(item) for item in view.items],
    }


def item_json(item: ItemRow) -> dict[str, Any]:
    """An item of a checklist as the API shows it."""
    by = None
    if item.checked_by is not None:
        by = {"id": item.checked_by, "name": item.checker_name}
    return {
        "id": item.id,
        "checklist_id": item.checklist_id,
        "text": item.text,
        "checked": item.checked_at is not None,
        "checked_at": clock.iso_or_none(item.checked_at),
        "checked_by": by,
    }


def _lock_list(
    tx: Tx, actor: Actor | None, checklist_id: int
) -> tuple[OpenBoard, CardRow, ChecklistView]:
    board, card = lock_card_of(tx, actor, _OWNER_OF_LIST, checklist_id)
    return board, card, _list_of(checklists_of(tx, card.id), checklist_id)


def _lock_item(
    tx: Tx, actor: Actor | None, item_id: int
) -> tuple[OpenBoard, CardRow, ChecklistView, ItemRow]:
    board, card = lock_card_of(tx, actor, _OWNER_OF_ITEM, item_id)
    for view in checklists_of(tx, card.id):
        for item in view.items:
            if item.id == item_id:
                return board, card, view, item
    raise NotFound


def _list_of(views: list[ChecklistView], checklist_id: int) -> ChecklistView:
    """One of a card's checklists; 404 where somebody deleted it just before."""
    for view in views:
        if view.id == checklist_id:
            return view
    raise NotFound


def _place(tx: Tx, before: Sequence[ItemRow], order: Sequence[int]) -> None:
    """Numbers a checklist's items anew; only those that have another place then are written."""
    places = {item.id: item.position for item in before}
    changed = [
        {"item_id": item_id, "place": place}
        for place, item_id in enumerate(order)
        if places.get(item_id) != place
    ]
    tx.run_many(_PLACE_ITEM, changed)


def _told(view: ChecklistView, item_id: int, text: str) -> dict[str, Any]:
    return {"checklist_id": view.id, "checklist": view.name, "item_id": item_id, "text": text}
