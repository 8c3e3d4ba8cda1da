"""Reading what speaks for the constraint: how full the columns were, and what the limits said."""

from dataclasses import dataclass

from app.boards.history import OpenBoard
from app.cards.centres import Place
from app.cards.filters import CardFilter
from app.db import Tx
from app.flow.constraint import Evidence, constraint_of, evidence_of
from app.flow.little import Little
from app.flow.little_reading import read_little
from app.flow.load_reading import read_loads
from app.flow.queries import Window
from app.flow.refusals import Refusals
from app.flow.stream import Stream


@dataclass(frozen=True, slots=True)
class Found:
    """What a window says of the constraint; `span` is the part of it in which the board lived."""

    span: Window
    evidence: list[Evidence]
    constraint: Evidence | None
    little: Little | None


def read_constraint(
    tx: Tx,
    board: OpenBoard,
    window: Window,
    cards: CardFilter,
    stream: Stream,
    refusals: Refusals,
) -> Found:
    """What speaks for each work centre of a board in a window, and which one holds the flow.

    How full the columns were is a matter of all cards, whatever the filter; the times (those of the
    value stream), the refusals of the window and Little's law are those of the cards that it lets
    through.
    """
    span, centres, loads, limits = read_loads(tx, board, window)
    if span.start >= span.end:
        return Found(span, [], None, None)
    refused = {Place(place.scope, place.id or 0): place.count for place in refusals.places}
    evidence = evidence_of(centres, loads, span.end - span.start, limits, stream, refused)
    return Found(span, evidence, constraint_of(evidence), read_little(tx, board, span, cards))
