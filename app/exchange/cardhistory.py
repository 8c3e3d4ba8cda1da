"""What was observed of one card, told as its history: creation, moves and blocked intervals."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, get_args

from app import clock
from app.cards.vocabulary import ServiceClass, WorkType
from app.exchange.logtext import fill, one_line, quoted
from app.exchange.mapping import Choice, LogError, Mapping, StateMeaning

LONGEST = {
    "external_id": 200,
    "title": 500,
    "reason": 500,
    "label": 50,
    "team": 50,
    "lane": 100,
    "column": 100,
}
"""The most characters that the texts of a card and the names of places may have."""

UNKNOWN = "unknown"


class Observation(NamedTuple):
    """One row of the log: what was seen of a card, and when (microseconds UTC)."""

    where: str
    at: int
    created_at: int | None
    state: str
    meaning: StateMeaning
    values: Sequence[str]


@dataclass(slots=True)
class Tally:
    """How many there were of something, and the first of them."""

    count: int = 0
    first: str = ""

    def add(self, where: str) -> None:
        """Counts one more, seen at this place."""
        self.first = self.first or where
        self.count += 1


@dataclass(slots=True)
class CardCounts:
    """What happened to all the cards together while their histories were told."""

    moves: int = 0
    blocks: int = 0
    repeated: int = 0
    before_creation: Tally = field(default_factory=Tally)
    shortened: Tally = field(default_factory=Tally)


class CardTeller:
    """Tells the histories of cards by one mapping, for a log with these columns."""

    def __init__(self, mapping: Mapping, places: dict[str, int]) -> None:
        self.counts = CardCounts()
        self._mapping = mapping
        self._places = places
        self._unknown = {"", *(one_line(value) for value in mapping.unknown_values)}

    def is_unknown(self, value: str) -> bool:
        """Whether a value of the log means that it is not known."""
        return one_line(value) in self._unknown

    def tell(self, external_id: str, observations: Sequence[Observation]) -> dict[str, Any]:
        """The card's entry in a history document, from its observations in the order of time."""
        mapping = self._mapping
        created_at = self._created_at(external_id, observations)
        column, moves, blocks = self._journey(created_at, observations)
        title = self._fill(mapping.title, observations) if mapping.title else external_id
        card = {
            "external_id": external_id,
            "title": self._fit("title", title, observations[-1].where),
            "work_type": self._choose("work_type", mapping.work_type, observations, WorkType),
            "service_class": self._choose(
                "service_class", mapping.service_class, observations, ServiceClass
            ),
            "team": mapping.team and self._choose("team", mapping.team, observations),
            "description": "",
            "labels": self._labels(observations),
            "created_at": clock.iso(created_at),
            "column": column,
            "moves": moves,
            "blocks": blocks,
        }
        lane = mapping.lane and self._choose("lane", mapping.lane, observations)
        return {**card, "lane": lane} if lane else card

    def _created_at(self, external_id: str, observations: Sequence[Observation]) -> int:
        first = observations[0]
        known = [o.created_at for o in observations if o.created_at is not None]
        created_at = min(known, default=first.at)
        if first.at >= created_at:
            return created_at
        if self._mapping.before_creation == "refuse":
            raise LogError(
                f"{first.where}: {external_id} was observed before its "
                f"{self._mapping.creation_column}; before_creation says what to do with it"
            )
        self.counts.before_creation.add(f"{first.where}, {external_id}")
        return created_at if self._mapping.before_creation == "keep_creation" else first.at

    def _journey(
        self, created_at: int, observations: Sequence[Observation]
    ) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
        """The column in which the card began, its moves and its blocked intervals."""
        first = observations[0]
        start = column = self._start(created_at, first)
        moves: list[dict[str, Any]] = []
        blocks: list[dict[str, Any]] = []
        state = None
        for seen in observations:
            if seen.state == state:
                self.counts.repeated += 1
                continue
            at = clock.iso(max(seen.at, created_at))
            if blocks and blocks[-1]["until"] is None:
                blocks[-1]["until"] = at
            if seen.meaning.blocked is not None:
                blocks.append(self._block(seen, at))
            elif seen.meaning.column is not None and seen.meaning.column != column:
                column = seen.meaning.column
                moves.append({"at": at, "to": column})
            state = seen.state
        self.counts.moves += len(moves)
        self.counts.blocks += len(blocks)
        return start, moves, blocks

    def _start(self, created_at: int, first: Observation) -> str:
        start = self._mapping.first_column
        if first.meaning.column is not None and (start is None or first.at <= created_at):
            return first.meaning.column
        if start is None:
            raise LogError(
                f"{first.where}: the first thing known is {quoted(first.state)}, which "
                "is no column; start_column says where such a card begins"
            )
        return start

    def _block(self, seen: Observation, at: str) -> dict[str, Any]:
        template = seen.meaning.reason
        reason = self._fill(template, [seen]) if template else seen.state
        return {
            "from": at,
            "until": None,
            "reason": self._fit("reason", reason, seen.where),
            "category": seen.meaning.blocked,
        }

    def _labels(self, observations: Sequence[Observation]) -> list[str]:
        labels = []
        for name in self._mapping.label_columns:
            where, value = self._known(name, observations)
            if value is not None:
                labels.append(self._fit("label", value, where))
        return list(dict.fromkeys(labels))

    def _choose(
        self,
        purpose: str,
        choice: Choice,
        observations: Sequence[Observation],
        allowed: Any = None,
    ) -> str | None:
        if choice.column is None:
            return choice.constant
        where, value = self._known(choice.column, observations)
        chosen = choice.default if value is None else choice.map.get(value, choice.default or value)
        if allowed is not None and chosen not in get_args(allowed):
            found = "is not known" if value is None else f"{quoted(value)} has no meaning"
            raise LogError(
                f"{where}: {choice.column}: {found} as {purpose}; "
                f"it is one of {', '.join(get_args(allowed))}"
            )
        longest = LONGEST.get(purpose)
        if chosen is not None and longest is not None and len(chosen) > longest:
            # A name that is cut would be another name.
            raise LogError(f"{where}: {choice.column}: is longer than {longest} characters")
        return chosen

    def _known(self, name: str, observations: Sequence[Observation]) -> tuple[str, str | None]:
        """The last known value of a column, and where it was read."""
        place = self._places[name]
        for seen in reversed(observations):
            if not self.is_unknown(seen.values[place]):
                return seen.where, one_line(seen.values[place])
        return observations[-1].where, None

    def _fill(self, template: str, observations: Sequence[Observation]) -> str:
        return fill(template, lambda name: self._known(name, observations)[1] or UNKNOWN)

    def _fit(self, what: str, text: str, where: str) -> str:
        longest = LONGEST[what]
        if len(text) <= longest:
            return text
        self.counts.shortened.add(f"{what} in {where}")
        return text[: longest - 1].rstrip() + "…"
