"""The made-up events in the words of the history: the data that live events have, as JSON. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from app.boards.service import limit_changed
from app.boards.shape import Cell, Shape
from app.samples import tape
from app.samples.journeys import DEPLOY, DOING, READY, TEST, WAITING
from app.samples.lives import Story
from app.samples.looks import CLASSES, DESCRIPTION, REASONS, TYPES, Looks
from app.samples.scale import GROUP, LANE, LimitChange
from app.samples.tape import EXPEDITE, Ints, Reel

# The names of the events by their numbers on the tape.
NAMES = (
    *("card.created", "card.moved", "card.reordered", "card.edited", "card.assigned"),
    *("card.blocked", "card.unblocked", "card.archived", "card.discarded", "move.refused"),
    *("move.refused", "limit.changed"),
)
_NOTES = ("", "", "", "Sorted out", "They called back", "Works again")
# Where a card would have gone that a full place did not let in.
_WANTED = {
    READY: READY,
    GROUP: DOING,
    TEST: TEST,
    WAITING: WAITING,
    DEPLOY: DEPLOY,
    LANE: DOING | EXPEDITE,
}


class Place:
    """Something with a limit: its scope, id and name."""

    def __init__(self, scope: str, place_id: int, name: str) -> None:
        self.scope = scope
        self.id = place_id
        self.name = name


def cells_of(shape: Shape) -> list[Cell]:
    """The cells of a board of the template `dev-ops` by their numbers on the tape."""
    expedite = next(lane.id for lane in shape.lanes if lane.expedite)
    lanes = (shape.default_lane.id, expedite)
    return [Cell(column.id, lane) for lane in lanes for column in shape.columns]


def places_of(shape: Shape) -> dict[int, Place]:
    """The places with limits by their numbers on the tape."""
    columns = {
        step: Place("column", shape.columns[step].id, shape.columns[step].name)
        for step in (READY, TEST, WAITING, DEPLOY)
    }
    (group,) = shape.groups
    lane = next(lane for lane in shape.lanes if lane.expedite)
    return {
        **columns,
        GROUP: Place("group", group.id, group.name),
        LANE: Place("lane", lane.id, lane.name),
    }


class Teller:
    """Tells the events of a board one after the other; it keeps which limits hold."""

    def __init__(
        self,
        shape: Shape,
        looks: Looks,
        titles: Sequence[Sequence[str]],
        limits: Mapping[int, int],
        changes: Sequence[LimitChange],
        first_id: int,
        actor_id: int,
    ) -> None:
        self._shape = shape
        self._looks = looks
        self._titles = titles
        self._limits = dict(limits)
        self._changes = changes
        self._first_id = first_id
        self._cells = cells_of(shape)
        self._places = places_of(shape)
        self._heads = self._fixed_beginnings(actor_id)
        where = [_json(cell._asdict())[1:-1] for cell in self._cells]
        self._created = [
            [
                f',{here},"work_type":"{kind}","service_class":"{klass}"}}'
                for kind in TYPES
                for klass in CLASSES
            ]
            for here in where
        ]
        self._quoted = [[f'{{"title":{_json(title)}' for title in some] for some in titles]

    def data_of(self, story: Story) -> list[str]:
        """The data of some events, as JSON."""
        reel = Reel(np.empty(0), story.codes)
        heads = self._heads
        kinds, numbers = reel.kinds, reel.numbers
        with_rank = (kinds == tape.MOVED) | (kinds == tape.REORDERED)
        told = [heads[each] for each in (story.codes & 0xFFF).tolist()]
        (ranked,) = np.nonzero(with_rank)
        for index, rank in zip(ranked.tolist(), story.was_at[ranked].tolist(), strict=True):
            told[index] += f"{rank}}}"
        (created,) = np.nonzero(kinds == tape.CREATED)
        self._tell_created(told, created, numbers[created], reel.target[created])
        (rest,) = np.nonzero(
            (kinds == tape.DISCARDED) | (kinds >= tape.REFUSED) | (kinds == tape.UNBLOCKED)
        )
        for index in rest.tolist():
            told[index] = self._tell_rest(int(numbers[index]), int(story.codes[index]) & 0xFFF)
        return told

    def _tell_created(self, told: list[str], which: Ints, numbers: Ints, cells: Ints) -> None:
        looks = self._looks
        for index, number, cell in zip(
            which.tolist(), (numbers - 1).tolist(), cells.tolist(), strict=True
        ):
            kind = int(looks.kinds[number])
            titles = self._quoted[kind]
            title = titles[int(looks.titles[number]) % len(titles)]
            rest = self._created[cell][kind * len(CLASSES) + int(looks.classes[number])]
            told[index] = title + rest

    def _tell_rest(self, number: int, code: int) -> str:
        kind, detail = code >> 8, code & 255
        if kind == tape.UNBLOCKED:
            reason, category = REASONS[detail]
            note = _NOTES[number % len(_NOTES)]
            return _json({"reason": reason, "category": category, "note": note})
        if kind == tape.DISCARDED:
            title = self.title_of(number)
            return _json({**self._cells[detail & 15]._asdict(), "number": number, "title": title})
        if kind == tape.LIMITED:
            change = self._changes[number]
            self._limits[change.place] = change.new
            place = self._places[change.place]
            fact = limit_changed(
                place.scope, place.id, place.name, {"from": change.old, "to": change.new}
            )
            return _json(fact.data)
        if kind == tape.REFUSED_BLOCKED:
            ref = f"{self._shape.board_key}-{number}"
            here = {"id": self._first_id + number - 1, "name": ref}
            return _refusal("blocked", here, None, None, self._cells[detail])
        place, limit = self._places[detail & 15], self._limits[detail & 15]
        to = self._cells[_WANTED[detail & 15]]
        here = {"id": place.id, "name": place.name}
        return _refusal(place.scope, here, limit, limit + (detail >> 4), to)

    def title_of(self, number: int) -> str:
        """The title of the card with a number."""
        titles = self._titles[int(self._looks.kinds[number - 1])]
        return titles[int(self._looks.titles[number - 1]) % len(titles)]

    def _fixed_beginnings(self, actor_id: int) -> list[str]:
        """For each kind and detail the data, or their beginning where a rank follows."""
        heads = [""] * (16 << 8)
        cells = [_json(cell._asdict()) for cell in self._cells]
        for detail in range(256):
            source, target = cells[detail >> 4], cells[detail & 15]
            heads[tape.MOVED << 8 | detail] = f'{{"from":{source},"to":{target},"was_at":'
            heads[tape.REORDERED << 8 | detail] = f'{{"in":{target},"was_at":'
            heads[tape.ARCHIVED << 8 | detail] = target
        edited = {"changes": {"description": {"from": "", "to": DESCRIPTION}}}
        heads[tape.EDITED << 8] = _json(edited)
        heads[tape.ASSIGNED << 8] = _json({"from": [], "to": [actor_id]})
        for index, (reason, category) in enumerate(REASONS):
            heads[tape.BLOCKED << 8 | index] = _json({"reason": reason, "category": category})
        return heads


def note_of(number: int) -> str:
    """What is said when the card with a number is unblocked."""
    return _NOTES[number % len(_NOTES)]


def _refusal(
    scope: str, place: dict[str, Any], limit: int | None, count: int | None, to: Cell
) -> str:
    return _json(
        {
            "scope": scope,
            "place": place,
            "limit": limit,
            "count": count,
            "to": to._asdict(),
            "action": "move",
        }
    )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
