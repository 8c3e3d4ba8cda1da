"""Reads a status log (CSV, one observation a row) as a history document. Pure: no database."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app import clock
from app.exchange.cardhistory import LONGEST, CardCounts, CardTeller, Observation, Tally
from app.exchange.logtext import one_line, quoted, template_columns
from app.exchange.mapping import LogError, Mapping, StateMeaning

_NOT_TEXT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class LogReading:
    """A log as a history document, with what there was to say about it.

    Rows are counted without the header and without empty ones; `rows` is all of them, of which
    `duplicates` were equal to an earlier row in every value, `ignored` had a status that is to be
    ignored, and `repeated` had the status that their card had already. `reordered` rows stood after
    a later row of their card; `before_creation` cards were observed before they were created;
    `shortened` texts were longer than a card's may be. `warnings` says in sentences what a person
    should look at.
    """

    document: dict[str, Any]
    rows: int
    cards: int
    moves: int
    blocks: int
    repeated: int
    duplicates: int
    ignored: int
    reordered: int
    before_creation: int
    shortened: int
    warnings: list[str]


@dataclass(slots=True)
class _RowCounts:
    rows: int = 0
    duplicates: Tally = field(default_factory=Tally)
    ignored: Tally = field(default_factory=Tally)
    reordered: Tally = field(default_factory=Tally)


def read_log_file(path: Path, mapping: Mapping, *, now: int | None = None) -> LogReading:
    """The history that a log file tells; a file that is not text in the encoding is refused."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LogError(f"{path}: {error.strerror}") from None
    try:
        text = data.decode(mapping.encoding)
    except UnicodeError as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        line = data.count(b"\n", 0, start) + 1
        raise LogError(
            f"line {line}: not text in {mapping.encoding}; the option encoding names another "
            "encoding, such as cp1252"
        ) from None
    return read_log(StringIO(text, newline=""), mapping, now=now)


def read_log(lines: Iterable[str], mapping: Mapping, *, now: int | None = None) -> LogReading:
    """The history that the lines of a log tell; times after `now` (microseconds) are refused.

    Rows are numbered as a spreadsheet shows them: the header is row 1, and a value with line ends
    in it does not make a new row.
    """
    records = _records(lines, mapping.delimiter)
    _, header = next(records, ("", None))
    if header is None:
        raise LogError("the log is empty")
    places = _places(header, mapping)
    teller = CardTeller(mapping, places)
    rows = _RowReader(mapping, places, teller, clock.now() if now is None else now)
    observed: dict[str, list[Observation]] = {}
    latest: dict[str, int] = {}
    for where, record in records:
        read = rows.read(where, record, len(header))
        if read is None:
            continue
        external_id, seen = read
        observed.setdefault(external_id, []).append(seen)
        if seen.at < latest.setdefault(external_id, seen.at):
            rows.counts.reordered.add(f"{where}, {external_id}")
        latest[external_id] = max(latest[external_id], seen.at)
    if not observed:
        raise LogError("the log has a header and no rows that could be read as cards")
    cards = [
        # The sort is stable: rows of the same time stay in the order of the log.
        teller.tell(external_id, sorted(seen, key=lambda one: one.at))
        for external_id, seen in observed.items()
    ]
    cards.sort(key=lambda card: (card["created_at"], card["external_id"]))
    return _reading(mapping, cards, rows.counts, teller.counts)


def _records(lines: Iterable[str], delimiter: str) -> Iterator[tuple[str, list[str]]]:
    """The rows that are not empty, each with what to call it in a message."""
    reader = csv.reader(_without_byte_order_mark(lines), delimiter=delimiter, strict=True)
    row = 0
    while True:
        row += 1
        line = reader.line_num + 1
        where = f"row {row}" if row == line else f"row {row} (line {line})"
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise LogError(f"{where}: not well-formed CSV: {error}") from None
        except UnicodeDecodeError as error:
            raise LogError(f"{where} or a little below: not text in {error.encoding}") from None
        if any(_NOT_TEXT.search(value) for value in record):
            raise LogError(f"{where}: has a character that is not text (NUL or half a surrogate)")
        if any(value.strip() for value in record):
            yield where, record


def _without_byte_order_mark(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield line.removeprefix("\ufeff") if number == 0 else line


def _places(header: Sequence[str], mapping: Mapping) -> dict[str, int]:
    """Where each column stands that the mapping names; one that is not there is refused."""
    names = [one_line(name) for name in header]
    found = {}
    for option, name in _needed_columns(mapping):
        if name not in names:
            there = ", ".join(quoted(there) for there in names)
            hint = "; is the delimiter right?" if len(names) == 1 else ""
            raise LogError(f"{option}: the log has no column {quoted(name)}; it has {there}{hint}")
        if names.count(name) > 1:
            raise LogError(f"{option}: the log has more than one column {quoted(name)}")
        found[name] = names.index(name)
    return found


def _needed_columns(mapping: Mapping) -> Iterator[tuple[str, str]]:
    """The columns of the log that the mapping names, each after the option that does."""
    for option in ("id_column", "state_column", "time_column", "creation_column"):
        name = getattr(mapping, option)
        if name is not None:
            yield option, name
    for name in template_columns(mapping.title or ""):
        yield "title", name
    for name in mapping.label_columns:
        yield "label_columns", name
    for option in ("work_type", "service_class", "team", "lane"):
        choice = getattr(mapping, option)
        if choice is not None and choice.column is not None:
            yield option, choice.column
    for state, meaning in mapping.states.items():
        for name in template_columns(meaning.reason or ""):
            yield f"states.{state}.reason", name


class _RowReader:
    """Reads one row after the other as an observation, and counts what it leaves out."""

    def __init__(
        self, mapping: Mapping, places: dict[str, int], teller: CardTeller, now: int
    ) -> None:
        self.counts = _RowCounts()
        self._mapping = mapping
        self._teller = teller
        self._now = now
        self._zone = ZoneInfo(mapping.time_zone)
        self._columns = {column.name for column in mapping.columns}
        self._id = places[mapping.id_column]
        self._state = places[mapping.state_column]
        self._time = places[mapping.time_column]
        self._creation = places[mapping.creation_column] if mapping.creation_column else None
        self._seen: set[tuple[str, ...]] = set()

    def read(self, where: str, record: list[str], width: int) -> tuple[str, Observation] | None:
        """The card's id and the observation, or None for a row that is left out."""
        if len(record) != width:
            raise LogError(f"{where}: has {len(record)} values, the header has {width}")
        self.counts.rows += 1
        whole = tuple(record)
        if whole in self._seen:
            self.counts.duplicates.add(where)
            return None
        self._seen.add(whole)
        state = one_line(record[self._state])
        meaning = self._meaning(where, state)
        if meaning.ignore:
            self.counts.ignored.add(f"{where}, {quoted(state)}")
            return None
        created_at = None
        if self._creation is not None and not self._teller.is_unknown(record[self._creation]):
            created_at = self._moment(
                where, str(self._mapping.creation_column), record[self._creation]
            )
        at = self._moment(where, self._mapping.time_column, record[self._time])
        return self._external_id(where, record), Observation(
            where, at, created_at, state, meaning, record
        )

    def _external_id(self, where: str, record: list[str]) -> str:
        external_id = one_line(record[self._id])
        if self._teller.is_unknown(external_id):
            raise LogError(f"{where}: {self._mapping.id_column}: {quoted(external_id)} is no id")
        if len(external_id) > LONGEST["external_id"]:
            longest = LONGEST["external_id"]
            raise LogError(
                f"{where}: {self._mapping.id_column}: is longer than {longest} characters"
            )
        return external_id

    def _meaning(self, where: str, state: str) -> StateMeaning:
        meaning = self._mapping.states.get(state)
        if meaning is not None:
            return meaning
        if self._mapping.unknown_states == "ignore":
            return StateMeaning(ignore=True)
        as_column = self._mapping.unknown_states == "as_column"
        fits = 0 < len(state) <= LONGEST["column"]
        if as_column and fits and (not self._columns or state in self._columns):
            return StateMeaning(column=state)
        known = ", ".join([*self._mapping.states, *sorted(self._columns if as_column else ())])
        raise LogError(
            f"{where}: {self._mapping.state_column}: {quoted(state)} is not a known status; "
            f"known are {known}"
        )

    def _moment(self, where: str, column: str, value: str) -> int:
        """A time of the log in microseconds UTC, between 1970 and now."""
        text, form = value.strip(), self._mapping.time_format
        try:
            if form == "iso":
                moment = datetime.fromisoformat(text)
            else:
                # A pattern may name a zone or not; the next line gives it the mapping's.
                moment = datetime.strptime(text, form)  # noqa: DTZ007 - the log has its zone
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=self._zone)
            at = clock.from_datetime(moment)
        except (ValueError, OverflowError):
            said = "ISO 8601" if form == "iso" else f"the form {quoted(form)}"
            raise LogError(f"{where}: {column}: {quoted(text)} is not a time in {said}") from None
        if at < 0:
            raise LogError(f"{where}: {column}: {quoted(text)} is before 1970")
        if at > self._now:
            raise LogError(f"{where}: {column}: {quoted(text)} is in the future")
        return at


def _reading(
    mapping: Mapping, cards: list[dict[str, Any]], rows: _RowCounts, told: CardCounts
) -> LogReading:
    document: dict[str, Any] = {"format": "weir-history/1"}
    if mapping.columns:
        document["columns"] = [column.model_dump(exclude_none=True) for column in mapping.columns]
    document["cards"] = cards
    taken = {
        "keep_creation": "their earlier observations count from the creation",
        "move_creation": "they begin with the observation",
        "refuse": "",
    }[mapping.before_creation]
    warnings = [
        f"{text}: {tally.count} (first: {tally.first})"
        for text, tally in (
            ("rows that repeat an earlier row in every value, left out", rows.duplicates),
            ("rows with a status that is ignored, left out", rows.ignored),
            ("rows that stood after a later row of their card, put in order", rows.reordered),
            (f"cards observed before their creation; {taken}", told.before_creation),
            ("texts that were too long, shortened", told.shortened),
        )
        if tally.count
    ]
    return LogReading(
        document=document,
        rows=rows.rows,
        cards=len(cards),
        moves=told.moves,
        blocks=told.blocks,
        repeated=told.repeated,
        duplicates=rows.duplicates.count,
        ignored=rows.ignored.count,
        reordered=rows.reordered.count,
        before_creation=told.before_creation.count,
        shortened=told.shortened.count,
        warnings=warnings,
    )
