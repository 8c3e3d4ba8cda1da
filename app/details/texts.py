"""Title and description of a card, saved while somebody writes."""

import hashlib

from app.auth.actor import Actor
from app.cards.rows import CardRow
from app.cards.service import edit_card
from app.db import Tx
from app.details.opened import lock_card
from app.errors import Invalid, StaleVersion
from app.markdown import with_task


def seen_mark(text: str) -> str:
    """A short mark of a text: who sends it back has seen that text and no other."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def save_text(
    tx: Tx,
    actor: Actor | None,
    card_id: int,
    name: str,
    text: str,
    version: int,
    seen: str | None = None,
) -> CardRow:
    """Saves a card's title or description; 412 where somebody has changed that text since the
    person saw it. `seen` is the mark of the text that the person saw: a card that has changed in
    other fields alone is no hindrance then."""
    _, card = lock_card(tx, actor, card_id)
    now = getattr(card, name)
    unchanged = text == now or seen == seen_mark(now)
    return edit_card(tx, actor, card_id, {name: text}, None if unchanged else version)


def tick_task(
    tx: Tx,
    actor: Actor | None,
    card_id: int,
    task: int,
    done: bool,
    version: int,
    seen: str | None = None,
) -> CardRow:
    """Ticks a task of a card's description, or takes the tick away; 412 where somebody has changed
    the description since the person saw it."""
    _, card = lock_card(tx, actor, card_id)
    if seen != seen_mark(card.description) and version != card.version:
        raise StaleVersion(card.version)
    text = with_task(card.description, task, done)
    if text is None:
        raise Invalid((("body", "task"), "the description has no such task"))
    return edit_card(tx, actor, card_id, {"description": text})
