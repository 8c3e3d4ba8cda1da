"""Forms of pages: checked by the same types as the API, and given back with what was typed."""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from app.errors import AppError, Invalid

MOST_FIELDS = 100

_WORDS = {
    "missing": "must not be empty",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of the choices",
    # Nothing but a board's key has a pattern.
    "string_pattern_mismatch": "must have 2 to 10 letters and digits, a letter first",
}


class Form(BaseModel):
    """A form's fields; one that was left empty counts as not sent."""

    model_config = ConfigDict(extra="forbid")


F = TypeVar("F", bound=Form)


@dataclass(frozen=True, slots=True)
class Sent(Generic[F]):
    """A form as it was sent: what was typed, what is wrong with it, its values if nothing is."""

    typed: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    form: F | None = None

    def refused(self, error: AppError) -> "Sent[F]":
        """The same form with why it was refused; raises what is no answer to a form, like a 404."""
        if error.status not in {409, 422}:
            raise error
        return self.with_error(error)

    def with_error(self, error: AppError) -> "Sent[F]":
        """The same form with what the service found wrong; the key "" is the form as a whole."""
        if not isinstance(error, Invalid):
            return Sent(self.typed, {"": error.detail})
        found: dict[str, str] = {}
        for each in error.extensions["errors"]:
            name = next((str(part) for part in reversed(each["loc"]) if part in self.typed), "")
            found.setdefault(name, each["msg"])
        return Sent(self.typed, found)


async def read_form(request: Request, kind: type[F], *, most_fields: int = MOST_FIELDS) -> Sent[F]:
    """Reads and checks a form."""
    data = await request.form(max_fields=most_fields, max_files=0)
    typed = {name: value for name, value in data.items() if isinstance(value, str)}
    lists = {
        name: [value for value in data.getlist(name) if isinstance(value, str) and value]
        for name, info in kind.model_fields.items()
        if "list" in str(info.annotation)
    }
    filled: dict[str, Any] = {name: value for name, value in typed.items() if value.strip()}
    try:
        return Sent(typed, form=kind.model_validate({**filled, **lists}))
    except ValidationError as error:
        return Sent(typed, errors_of(error))


def errors_of(error: ValidationError) -> dict[str, str]:
    """What is wrong by field, in words for the person who typed it."""
    found: dict[str, str] = {}
    for each in error.errors():
        name = str(each["loc"][0]) if each["loc"] else ""
        message = str(each["msg"]).removeprefix("Value error, ")
        if each["type"] in _WORDS:
            message = _WORDS[each["type"]].format(**each.get("ctx", {}))
        found.setdefault(name, message.encode("utf-8", "replace").decode())
    return found
