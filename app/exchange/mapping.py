"""How a status log is read: which of its columns mean what, and where each status belongs."""

import codecs
import json
import re
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from app.cards.vocabulary import Category, ServiceClass, WorkType
from app.exchange.logtext import check_template, one_line


class LogError(ValueError):
    """A log, or the mapping for it, that cannot be read; the message names the place."""


def _as_table(key: str) -> BeforeValidator:
    """Lets a plain text stand for a table with this one key."""
    return BeforeValidator(lambda given: {key: given} if isinstance(given, str) else given)


Name = Annotated[str, AfterValidator(one_line), StringConstraints(min_length=1)]
NoneIfEmpty = Annotated[Name | None, BeforeValidator(lambda given: None if given == "" else given)]
Template = Annotated[
    str, AfterValidator(one_line), StringConstraints(min_length=1), AfterValidator(check_template)
]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BoardColumn(_Table):
    """One column that the board gets when it has no cards yet."""

    name: Name = Field(description="The column's name.")
    kind: Literal["queue", "active", "done"] = Field(
        description="Whether work waits here, is worked on, or is done."
    )
    wip_limit: int | None = Field(
        default=None, ge=1, strict=True, description="How many cards it holds at most."
    )
    team: Name | None = Field(default=None, description="The team that works here.")


class StateMeaning(_Table):
    """What one status of the log means on the board: exactly one of the three."""

    column: Name | None = Field(default=None, description="The card is in this column.")
    blocked: Category | None = Field(
        default=None, description="The card is blocked, in the column where it was."
    )
    reason: Template | None = Field(
        default=None,
        description="Why it is blocked; {name} stands for a column of the log. "
        "Without it, the status itself.",
    )
    ignore: bool = Field(default=False, description="Rows with this status are left out.")

    @model_validator(mode="after")
    def _means_one_thing(self) -> Self:
        if (self.column is not None) + (self.blocked is not None) + self.ignore != 1:
            raise ValueError("needs exactly one of column, blocked and ignore")
        if self.reason is not None and self.blocked is None:
            raise ValueError("a reason needs a blocked category")
        return self


class Choice(_Table):
    """A value that is the same for every card, or is read from a column of the log."""

    constant: Name | None = Field(default=None, description="The value of every card.")
    column: Name | None = Field(
        default=None, description="The column of the log that holds the value."
    )
    map: dict[Name, Name] = Field(
        default_factory=dict, description="What each value of that column means here."
    )
    default: Name | None = Field(
        default=None,
        description="The value for everything that the map leaves out. Without it, "
        "such a value stands for itself.",
    )

    @model_validator(mode="after")
    def _comes_from_one_place(self) -> Self:
        if (self.constant is None) == (self.column is None):
            raise ValueError("needs either a constant or a column")
        if self.constant is not None and (self.map or self.default is not None):
            raise ValueError("a constant has no map and no default")
        return self

    def refuse_others(self, allowed: Sequence[str]) -> Self:
        """Refuses a choice that could give a value which is not one of these."""
        for value in (self.constant, self.default, *self.map.values()):
            if value is not None and value not in allowed:
                raise ValueError(f'"{value}" is not one of {", ".join(allowed)}')
        return self


class Mapping(_Table):
    """How to read a status log with one observation a row. The names of columns are the log's."""

    id_column: Name = Field(description="The column that says which card a row is about.")
    state_column: Name = Field(description="The column that holds the status that was observed.")
    time_column: Name = Field(description="The column that says when it was observed.")
    creation_column: NoneIfEmpty = Field(
        default=None,
        description="The column that says when the card was created. Without it, or where it is "
        "unknown: at the first observation.",
    )
    time_format: str = Field(
        default="iso",
        min_length=1,
        description="How times are written: `iso` (ISO 8601), or a pattern as of strptime.",
    )
    time_zone: str = Field(
        default="UTC", description="The zone of times that do not name theirs, such as UTC."
    )
    title: Template | None = Field(
        default=None,
        description="The card's title; {name} stands for a column of the log. Without it, the id.",
    )
    label_columns: tuple[Name, ...] = Field(
        default=(), description="The columns whose last known value becomes a label."
    )
    unknown_values: tuple[str, ...] = Field(
        default=("?",), description="Values that mean 'not known', besides the empty one."
    )
    work_type: Annotated[Choice, _as_table("constant")] = Field(
        default=Choice(constant="feature"), description="The card's work type."
    )
    service_class: Annotated[Choice, _as_table("constant")] = Field(
        default=Choice(constant="standard"), description="The card's class of service."
    )
    team: Annotated[Choice, _as_table("constant")] | None = Field(
        default=None, description="The team whose work the card is."
    )
    lane: Annotated[Choice, _as_table("constant")] | None = Field(
        default=None, description="The lane of the card. Without it, the board's usual one."
    )
    states: dict[Name, Annotated[StateMeaning, _as_table("column")]] = Field(
        default_factory=dict,
        description="What each status means: a column of the board, blocked, or ignored.",
    )
    unknown_states: Literal["refuse", "ignore", "as_column"] = Field(
        default="refuse",
        description="A status that is not listed: the log is refused, the row is left out and "
        "counted, or the status is itself the name of a column.",
    )
    start_column: NoneIfEmpty = Field(
        default=None,
        description="Where a card is from its creation until a column is observed. Without it, "
        "the first of the columns, else the first column among the states.",
    )
    before_creation: Literal["refuse", "keep_creation", "move_creation"] = Field(
        default="refuse",
        description="A card that was observed before it was created: the log is refused, the "
        "observation counts from the creation, or the creation is moved to the observation.",
    )
    columns: tuple[BoardColumn, ...] = Field(
        default=(), description="The columns, left to right, of a board that has no cards yet."
    )
    delimiter: str = Field(
        default=",", description="What stands between two values: one character, or `tab`."
    )
    encoding: str = Field(default="utf-8", description="The encoding of the file.")

    def with_options(self, **overrides: Any) -> "Mapping":
        """The same mapping with some fields replaced; None leaves a field as it is."""
        given = {name: value for name, value in overrides.items() if value is not None}
        try:
            return Mapping.model_validate({**self.model_dump(), **given})
        except ValidationError as error:
            raise LogError(_first_errors(error)) from None

    @property
    def first_column(self) -> str | None:
        """The column in which a card begins that was not seen in any other."""
        if self.start_column is not None:
            return self.start_column
        named = [column.name for column in self.columns]
        named += [meaning.column for meaning in self.states.values() if meaning.column is not None]
        return named[0] if named else None

    @field_validator("time_format")
    @classmethod
    def _format_gives_a_whole_date(cls, pattern: str) -> str:
        if pattern == "iso":
            return pattern
        sample = datetime(2016, 10, 12, 9, 30, tzinfo=UTC)
        try:
            # Only the date is compared, and it has no zone.
            read = datetime.strptime(sample.strftime(pattern), pattern)  # noqa: DTZ007 - a pattern is tried
        except (ValueError, re.error) as error:
            raise ValueError(f'"{pattern}" is not a pattern for times: {error}') from None
        if read.date() != sample.date():
            raise ValueError(f'"{pattern}" does not give year, month and day')
        return pattern

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f'"{zone}" is not a time zone') from None
        return zone

    @field_validator("delimiter")
    @classmethod
    def _delimiter_is_one_character(cls, delimiter: str) -> str:
        character = "\t" if delimiter in ("tab", "\\t") else delimiter
        if len(character) != 1 or character in '"\r\n\0 ':
            raise ValueError("must be one character that is no quote, space or line end, or `tab`")
        return character

    @field_validator("encoding")
    @classmethod
    def _encoding_exists(cls, encoding: str) -> str:
        try:
            "".encode(codecs.lookup(encoding).name)
        except (LookupError, ValueError):
            raise ValueError(f'"{encoding}" is not an encoding of text') from None
        return encoding

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self.work_type.refuse_others(get_args(WorkType))
        self.service_class.refuse_others(get_args(ServiceClass))
        if not self.states and self.unknown_states != "as_column":
            raise ValueError("states: at least one status has to mean something")
        names = [column.name for column in self.columns]
        if len({name.casefold() for name in names}) < len(names):
            raise ValueError("columns: two columns have the same name")
        targets = [(f"states.{state}", meaning.column) for state, meaning in self.states.items()]
        for place, name in [*targets, ("start_column", self.start_column)]:
            if names and name is not None and name not in names:
                raise ValueError(f'{place}: "{name}" is not one of the columns')
        return self


def builtin_mappings() -> list[str]:
    """The names of the mappings that come with Weir."""
    files = resources.files("app.exchange").joinpath("mappings").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load_mapping(name_or_path: str | Path) -> Mapping:
    """The mapping with this built-in name, or that of a TOML or JSON file."""
    place = f"mapping {name_or_path}"
    try:
        if isinstance(name_or_path, str) and name_or_path in builtin_mappings():
            file = resources.files("app.exchange").joinpath("mappings", f"{name_or_path}.toml")
            return Mapping.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
        text = Path(name_or_path).read_text(encoding="utf-8-sig")
        is_json = Path(name_or_path).suffix.lower() == ".json"
        return Mapping.model_validate(json.loads(text) if is_json else tomllib.loads(text))
    except FileNotFoundError:
        known = ", ".join(builtin_mappings())
        raise LogError(f"{place}: no such file, and the built-in ones are: {known}") from None
    except OSError as error:
        raise LogError(f"{place}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise LogError(f"{place}: not UTF-8 text") from None
    except ValidationError as error:
        raise LogError(f"{place}: {_first_errors(error)}") from None
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise LogError(f"{place}: {error}") from None
    except ValueError as error:
        raise LogError(f"{place}: {error}") from None


def _first_errors(error: ValidationError) -> str:
    """The first three errors of a mapping in one line, each with its place."""
    said = []
    for one in error.errors()[:3]:
        place = ".".join(str(part) for part in one["loc"])
        message = one["msg"].removeprefix("Value error, ")
        said.append(f"{place}: {message}" if place else message)
    return "; ".join(said)
