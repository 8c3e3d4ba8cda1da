"""Which cards stood where at a moment of the past."""

from collections.abc import Iterable, Iterator

from sqlalchemy import ColumnElement, func, select

from app.models import Card, Event, Visit


def standing_at(column_ids: Iterable[int], at: int) -> Iterator[tuple[ColumnElement[bool], ...]]:
    """The conditions on visits (with their cards) by which a card stood in one of some columns just
    before a moment and did not lie in the archive: one set for those who are there still, one for
    those who left since. Each is answered by the index of when cards left a column."""
    away = (
        select(Event.type)
        .where(
            Event.card_id == Card.id,
            Event.type.in_(("card.archived", "card.restored")),
            Event.at < at,
        )
        .order_by(Event.at.desc(), Event.seq.desc())
        .limit(1)
        .correlate(Card)
        .scalar_subquery()
    )
    columns = list(column_ids)
    for leaving in (Visit.left_at.is_(None), Visit.left_at >= at):
        yield (
            Visit.column_id.in_(columns),
            leaving,
            Visit.entered_at + 0 < at,
            func.coalesce(away, "") != "card.archived",
        )
