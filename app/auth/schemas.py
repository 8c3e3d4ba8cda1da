"""What the API takes and gives about people and tokens."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.auth.account import Density, Theme
from app.types import BoardKey, GivenPassword, Model, Moment, Name, Password


class PreferencesOut(BaseModel):
    """How a person likes the pages; `shortcuts`: whether single keys act."""

    theme: Theme
    density: Density
    shortcuts: bool


class MeOut(BaseModel):
    """The person whose credentials came with the request."""

    id: int
    name: str
    email: str
    is_admin: bool
    preferences: PreferencesOut


class MePatch(Model):
    """What changes of the account; what is left out stays."""

    name: Name | None = Field(None, examples=["Ada Lovelace"])
    theme: Theme | None = Field(None, examples=["dark"])
    density: Density | None = Field(None, examples=["compact"])
    shortcuts: bool | None = None


class PasswordIn(Model):
    """A new password, and the old one that allows it."""

    old_password: GivenPassword = Field(examples=["correct horse battery"])
    new_password: Password = Field(examples=["staple of a better horse"])


class SessionOut(BaseModel):
    """A sign-in in a browser; `browser` says in words which one."""

    id: int
    browser: str
    user_agent: str
    created_at: str
    expires_at: str
    current: bool = Field(description="Whether it is the one that asks.")


class SessionsOut(BaseModel):
    """A person's sessions."""

    items: list[SessionOut]
    next_cursor: str | None


class TokenIn(Model):
    """A token to be made."""

    name: Name = Field(examples=["Dashboard"])
    read_only: bool = False
    boards: Annotated[list[BoardKey], Field(min_length=1, max_length=200)] | None = Field(
        None, description="Keys of the only boards it reaches; left out: all of its user's."
    )
    expires_at: Moment | None = None


class TokenOut(BaseModel):
    """A token without its secret."""

    id: int
    name: str
    read_only: bool
    boards: list[str] | None
    created_at: str
    expires_at: str | None


class NewTokenOut(TokenOut):
    """A token with its secret, which is shown this one time."""

    token: str


class TokensOut(BaseModel):
    """A person's tokens."""

    items: list[TokenOut]
    next_cursor: str | None
