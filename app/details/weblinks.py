"""Addresses outside Weir that belong to a card: a ticket elsewhere, a document, a dashboard."""

from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update

from app import clock
from app.auth.actor import Actor
from app.boards.history import Fact, OpenBoard, record
from app.db import Query, Statement, Tx
from app.details.opened import lock_card, lock_card_of
from app.errors import Conflict, NotFound
from app.models import User, WebLink

MOST_WEB_LINKS = 100


class WebLinkRow(NamedTuple):
    """An address, with a title where somebody gave it one."""

    id: int
    card_id: int
    url: str
    title: str
    created_at: int
    created_by: int | None
    creator_name: str | None


class _IdRow(NamedTuple):
    id: int


_SELECT = select(
    WebLink.id,
    WebLink.card_id,
    WebLink.url,
    WebLink.title,
    WebLink.created_at,
    WebLink.created_by,
    User.name.label("creator_name"),
).outerjoin(User, User.id == WebLink.created_by)
_BY_ID = Query(_SELECT.where(WebLink.id == bindparam("web_link_id")), WebLinkRow)
_OF_CARD = Query(
    _SELECT.where(WebLink.card_id == bindparam("card_id")).order_by(WebLink.id), WebLinkRow
)
_OWNER = Statement(select(WebLink.card_id).where(WebLink.id == bindparam("id")))
_ADD = Query(
    insert(WebLink)
    .values(
        {name: bindparam(name) for name in ("card_id", "url", "title", "created_at", "created_by")}
    )
    .returning(WebLink.id),
    _IdRow,
)
_CHANGE = Statement(
    update(WebLink)
    .where(WebLink.id == bindparam("web_link_id"))
    .values(url=bindparam("url"), title=bindparam("title"))
)
_DELETE = Statement(delete(WebLink).where(WebLink.id == bindparam("web_link_id")))


def add_web_link(
    tx: Tx, actor: Actor | None, card_id: int, url: str, title: str = ""
) -> WebLinkRow:
    """Adds an address to a card."""
    board, card = lock_card(tx, actor, card_id)
    if len(web_links_of(tx, card.id)) >= MOST_WEB_LINKS:
        raise Conflict(f"A card has at most {MOST_WEB_LINKS} addresses.")
    values = {"url": url, "title": title, "created_at": board.now, "created_by": board.actor_id}
    web_link_id = tx.one(_ADD, card_id=card.id, **values).id
    data = {"web_link_id": web_link_id, "url": url, "title": title}
    record(tx, board, Fact("web_link.added", card.id, data))
    return tx.one(_BY_ID, web_link_id=web_link_id)


def change_web_link(
    tx: Tx, actor: Actor | None, web_link_id: int, changes: dict[str, Any]
) -> WebLinkRow:
    """Changes an address or its title."""
    board, found = _lock(tx, actor, web_link_id)
    now = found._replace(**changes)
    told = {
        name: {"from": getattr(found, name), "to": getattr(now, name)}
        for name in ("url", "title")
        if getattr(found, name) != getattr(now, name)
    }
    if not told:
        return found
    tx.run(_CHANGE, web_link_id=web_link_id, url=now.url, title=now.title)
    data = {"web_link_id": web_link_id, "url": now.url, "title": now.title, "changes": told}
    record(tx, board, Fact("web_link.changed", found.card_id, data))
    return now


def delete_web_link(tx: Tx, actor: Actor | None, web_link_id: int) -> WebLinkRow:
    """Takes an address off a card; what it was is returned."""
    board, found = _lock(tx, actor, web_link_id)
    tx.run(_DELETE, web_link_id=web_link_id)
    data = {"web_link_id": web_link_id, "url": found.url, "title": found.title}
    record(tx, board, Fact("web_link.deleted", found.card_id, data))
    return found


def web_links_of(tx: Tx, card_id: int) -> list[WebLinkRow]:
    """A card's addresses, oldest first. Whoever asks has been found to see the card."""
    return tx.all(_OF_CARD, card_id=card_id)


def web_link_json(row: WebLinkRow) -> dict[str, Any]:
    """An address as the API shows it."""
    by = None
    if row.created_by is not None:
        by = {"id": row.created_by, "name": row.creator_name}
    return {
        "id": row.id,
        "card_id": row.card_id,
        "url": row.url,
        "title": row.title,
        "created_at": clock.iso(row.created_at),
        "created_by": by,
    }


def _lock(tx: Tx, actor: Actor | None, web_link_id: int) -> tuple[OpenBoard, WebLinkRow]:
    board, _ = lock_card_of(tx, actor, _OWNER, web_link_id)
    found = tx.first(_BY_ID, web_link_id=web_link_id)
    if found is None:
        raise NotFound
    return board, found
