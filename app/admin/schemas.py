"""What the API takes and gives about the installation."""

from typing import Any

from pydantic import BaseModel, Field

from app.types import Email, Model, Name


class PersonOut(BaseModel):
    """Somebody with an account. `active`: not switched off."""

    id: int
    name: str
    email: str
    is_admin: bool
    active: bool
    has_password: bool
    boards: int
    sessions: int
    tokens: int
    created_at: str
    disabled_at: str | None


class PeopleOut(BaseModel):
    """People with an account."""

    items: list[PersonOut]
    next_cursor: str | None


class PasswordLinkOut(BaseModel):
    """A link by which somebody chooses a password; it works once and is shown this one time."""

    url: str
    expires_at: str


class NewPersonOut(PersonOut):
    """Somebody new, with the link to a first password."""

    password_link: PasswordLinkOut


class PersonIn(Model):
    """Somebody who gets an account."""

    email: Email = Field(examples=["grace@example.org"])
    name: Name = Field(examples=["Grace Hopper"])
    is_admin: bool = False


class PersonPatch(Model):
    """What changes of an account; what is left out stays."""

    name: Name | None = None
    is_admin: bool | None = None
    active: bool | None = Field(None, examples=[False], description="False switches it off.")


class BoardLineOut(BaseModel):
    """A board with its counts; `cards_ever` and `events` are those of its whole life."""

    id: int
    key: str
    name: str
    members: int
    cards: int
    cards_ever: int
    events: int
    created_at: str
    changed_at: str
    archived_at: str | None


class BoardLinesOut(BaseModel):
    """All boards."""

    items: list[BoardLineOut]
    next_cursor: str | None


class CheckOut(BaseModel):
    """What one check of the installation found."""

    name: str
    sound: bool
    said: str


class HealthOut(BaseModel):
    """How the installation is. `streams` are those of the process that answers."""

    version: str
    python: str
    database: dict[str, Any]
    people: int
    boards: int
    cards: int
    events: int
    streams: int
    free_bytes: int | None
    checks: list[CheckOut]
