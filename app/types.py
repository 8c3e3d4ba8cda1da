"""The one family of input types: body, query, path and form fields are made of these alone."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from app import clock
from app.errors import Invalid

MAX_INTEGER = 2**63 - 1


class Model(BaseModel):
    """A body: unknown fields are refused, and no value is bent into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def _printable(value: str) -> str:
    if "\x00" in value:
        raise ValueError("must not contain a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode text") from None
    return unicodedata.normalize("NFC", value)


def _trimmed(value: str) -> str:
    return _printable(value).strip()


def _one_line(value: str) -> str:
    if re.search(r"[\x01-\x1f\x7f]", value):
        raise ValueError("must not contain control characters")
    return value


def _not_empty(value: str) -> str:
    if not value:
        raise ValueError("must not be empty")
    return value


def _at_most(limit: int) -> AfterValidator:
    def check(value: str) -> str:
        # Trimming and composing come first, so the limit is judged on what would be stored.
        if len(value) > limit:
            raise ValueError(f"must have at most {limit} characters")
        return value

    return AfterValidator(check)


def _line(limit: int) -> Any:
    return (AfterValidator(_trimmed), AfterValidator(_one_line), _at_most(limit))


# The schema's maxLength is a promise to clients; the validator judges the trimmed text. A text
# far over the limit is refused before it is normalised.
Name = Annotated[
    str,
    StringConstraints(max_length=1_000),
    *_line(100),
    AfterValidator(_not_empty),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 100}),
]
Title = Annotated[
    str,
    StringConstraints(max_length=5_000),
    *_line(500),
    AfterValidator(_not_empty),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 500}),
]
Reason = Annotated[
    str,
    StringConstraints(max_length=5_000),
    AfterValidator(_trimmed),
    _at_most(500),
    AfterValidator(_not_empty),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 500}),
]
Note = Annotated[
    str,
    StringConstraints(max_length=5_000),
    AfterValidator(_trimmed),
    _at_most(500),
    WithJsonSchema({"type": "string", "maxLength": 500}),
]
Prose = Annotated[
    str,
    StringConstraints(max_length=100_000),
    AfterValidator(_trimmed),
    _at_most(50_000),
    WithJsonSchema({"type": "string", "maxLength": 50_000}),
]
# What somebody says: prose that is not empty.
Remark = Annotated[
    str,
    StringConstraints(max_length=100_000),
    AfterValidator(_trimmed),
    _at_most(50_000),
    AfterValidator(_not_empty),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 50_000}),
]
# A few words in one line.
Line = Annotated[
    str,
    StringConstraints(max_length=2_000),
    *_line(200),
    AfterValidator(_not_empty),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 200}),
]
# A title that may be left empty.
Caption = Annotated[
    str,
    StringConstraints(max_length=2_000),
    *_line(200),
    WithJsonSchema({"type": "string", "maxLength": 200}),
]
Word = Annotated[
    str,
    StringConstraints(max_length=500),
    *_line(50),
    AfterValidator(_not_empty),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 50}),
]
ExternalId = Annotated[
    str,
    StringConstraints(max_length=2_000),
    *_line(200),
    AfterValidator(_not_empty),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 200}),
]
SearchText = Annotated[
    str,
    StringConstraints(max_length=1_000),
    *_line(200),
    WithJsonSchema({"type": "string", "maxLength": 200}),
]


def _web_address(value: str) -> str:
    # A browser takes a backslash for a slash, and would go elsewhere than where it seems to lead.
    if re.search(r"[\s\\]", value):
        raise ValueError("must not contain spaces or backslashes")
    try:
        parts = urlsplit(value)
        leads_somewhere = bool(parts.hostname) and parts.port != 0
    except ValueError:
        leads_somewhere = False
    if not leads_somewhere or parts.scheme not in {"http", "https"}:
        raise ValueError("must be an address that begins with http:// or https://")
    return value


WebAddress = Annotated[
    str,
    StringConstraints(max_length=5_000),
    *_line(2_000),
    AfterValidator(_web_address),
    WithJsonSchema(
        {"type": "string", "format": "uri", "pattern": "^https?://", "maxLength": 2_000}
    ),
]

# A card's name across boards: OPS-42.
CardRef = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]{1,9}-[0-9]{1,18}$"),
    AfterValidator(str.upper),
]


def _email(value: str) -> str:
    value = value.casefold()
    if not re.fullmatch(r"[^\s@<>()\",;:\\\[\]]+@[^\s@<>()\",;:\\\[\]]+", value):
        raise ValueError("must be an e-mail address")
    return value


# Folding can make an address longer, so its length is judged last.
Email = Annotated[
    str,
    StringConstraints(max_length=1_000),
    AfterValidator(_trimmed),
    AfterValidator(_one_line),
    AfterValidator(_email),
    _at_most(254),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 254}),
]

Password = Annotated[
    str,
    StringConstraints(min_length=8, max_length=128),
    AfterValidator(_printable),
]
# What somebody types to sign in: any length that a browser may send, judged by its hash alone.
GivenPassword = Annotated[str, StringConstraints(max_length=1_000), AfterValidator(_printable)]

BoardKey = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]{1,9}$"),
    AfterValidator(str.upper),
]

# A place within Weir that a form leads on to.
PathInForm = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_printable)]

# In the address any word may stand: one that is no board's key leads nowhere, like an unknown one.
KeyInUrl = Annotated[
    str, StringConstraints(max_length=100), AfterValidator(_printable), AfterValidator(str.upper)
]


def digits(value: object) -> object:
    """A number that came as text, from the address or a form; ValueError for any other text."""
    # The address carries text: only plain decimal digits are a number, not "+5", "5.0" or "1_0".
    if isinstance(value, str):
        if not re.fullmatch(r"-?[0-9]{1,19}", value, re.ASCII):
            raise ValueError("must be a whole number")
        return int(value)
    return value


Id = Annotated[int, Field(strict=True, ge=1, le=MAX_INTEGER)]
Limit = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Index = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]


def _flag(value: object) -> object:
    if isinstance(value, str):
        if value not in {"true", "false"}:
            raise ValueError("must be true or false")
        return value == "true"
    return value


FlagInUrl = Annotated[bool, BeforeValidator(_flag)]
# A word to filter by: one that nothing has finds nothing.
WordInUrl = Annotated[str, StringConstraints(max_length=200), AfterValidator(_trimmed)]
IdInUrl = Annotated[int, Field(ge=1, le=MAX_INTEGER), BeforeValidator(digits)]
LimitInForm = Annotated[int, Field(ge=1, le=1_000_000), BeforeValidator(digits)]
IndexInUrl = Annotated[int, Field(ge=0, le=1_000_000_000), BeforeValidator(digits)]


MOST_IDS = 200


def ids_in(text: str) -> list[int]:
    """The ids of a field that has many of them; ValueError where it has anything else."""
    if not re.fullmatch(r"[0-9]{1,19}(,[0-9]{1,19})*", text, re.ASCII):
        raise ValueError("must be ids with commas between them")
    found = [int(each) for each in text.split(",")]
    if len(found) > MOST_IDS:
        raise ValueError(f"must be at most {MOST_IDS} ids")
    if not all(1 <= each <= MAX_INTEGER for each in found):
        raise ValueError("must be ids")
    return found


def _are_ids(text: str) -> str:
    ids_in(text)
    return text


# Many things in one field: neither a form nor an address need have a field for each.
IdsInUrl = Annotated[str, StringConstraints(max_length=5_000), AfterValidator(_are_ids)]
SeqInUrl = Annotated[int, Field(ge=0, le=MAX_INTEGER), BeforeValidator(digits)]
PageSize = Annotated[int, Field(ge=1, le=200), BeforeValidator(digits)]
Cursor = Annotated[
    str, StringConstraints(max_length=500, pattern=r"^[A-Za-z0-9_=-]*$"), AfterValidator(_printable)
]
Secret = Annotated[
    str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9_-]*$"), AfterValidator(_printable)
]

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?([Zz]|[+-]\d\d:?\d\d)",
    re.ASCII,
)


def parse_moment(value: object) -> int:
    """A timestamp with a zone, between 1970 and 2200, in microseconds; ValueError otherwise."""
    if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
        raise ValueError("must be a timestamp with a zone, like 2026-03-02T09:30:00Z")
    fraction = value.replace(",", ".").upper()
    fraction = re.sub(r"(\.\d{6})\d+", r"\1", fraction)
    try:
        moment = datetime.fromisoformat(fraction)
        # A zone can push a time at the very edge of the calendar out of it.
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a timestamp that exists") from None
    if not _EARLIEST <= moment < _LATEST:
        raise ValueError("must lie between 1970 and 2200")
    return clock.from_datetime(moment)


Moment = Annotated[
    int,
    BeforeValidator(parse_moment),
    PlainSerializer(clock.iso, return_type=str),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2026-03-02T09:30:00.000000Z"]}
    ),
]


def parse_day(value: object) -> str:
    """A calendar day between 1970 and 2200 as `YYYY-MM-DD`; ValueError otherwise."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        raise ValueError("must be a day, like 2026-03-02")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a day that exists") from None
    if not 1970 <= day.year < 2200:
        raise ValueError("must lie between 1970 and 2200")
    return value


Day = Annotated[
    str,
    BeforeValidator(parse_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-03-02"]}),
]


def _day_or_moment(value: object) -> object:
    if isinstance(value, str) and len(value) == 10:
        return parse_day(value)
    return parse_moment(value)


# A time of the day in a form, as a clock shows it.
TimeInForm = Annotated[str, StringConstraints(pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$")]

# A start or end of a window: a day (in the board's zone) stays text, a timestamp becomes a number.
DayOrMoment = Annotated[
    str | int,
    BeforeValidator(_day_or_moment),
    WithJsonSchema(
        {
            "type": "string",
            "description": "A day in the board's zone, or a timestamp with a zone.",
            "examples": ["2026-03-02", "2026-03-02T09:30:00Z"],
        }
    ),
]


def given(body: BaseModel, never_null: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields that a partial body names; 422 for a null where there must be a value."""
    values = {name: getattr(body, name) for name in body.model_fields_set}
    nulls = [name for name in never_null if name in values and values[name] is None]
    if nulls:
        raise Invalid(*((("body", name), "must not be null") for name in nulls))
    return values
