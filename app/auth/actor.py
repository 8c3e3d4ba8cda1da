"""Who asks: a person with the rights that the credentials leave."""

import hashlib
import secrets
from typing import NamedTuple

from sqlalchemy import bindparam, or_, select

from app import clock
from app.db import Query, Tx
from app.errors import NotSignedIn
from app.models import Session, Token, TokenBoard, User


class Credentials(NamedTuple):
    """What came with a request: an API token or a session cookie, as a hash."""

    kind: str  # "token" or "session"
    digest: str


class Actor(NamedTuple):
    """A signed-in person, and how far the credentials reach."""

    id: int
    name: str
    email: str
    is_admin: bool
    session_id: int | None = None
    token_id: int | None = None
    read_only: bool = False
    boards: frozenset[int] | None = None  # the only boards that a narrowed token reaches
    # How the person likes the pages.
    theme: str = "system"
    density: str = "comfortable"
    shortcuts: bool = True
    expires_at: int | None = None  # when the credentials end by themselves

    def reaches(self, board_id: int) -> bool:
        """Whether the credentials reach a board at all."""
        return self.boards is None or board_id in self.boards


def new_secret() -> str:
    """A random secret of 256 bits for a session, token or link."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """How a secret is kept. It is random, so a plain SHA-256 does not give it away."""
    return hashlib.sha256(secret.encode()).hexdigest()


class _SessionRow(NamedTuple):
    id: int
    name: str
    email: str
    is_admin: bool
    session_id: int
    expires_at: int
    theme: str
    density: str
    shortcuts: bool


class _TokenRow(NamedTuple):
    id: int
    name: str
    email: str
    is_admin: bool
    token_id: int
    expires_at: int | None
    read_only: bool
    narrowed: bool
    theme: str
    density: str
    shortcuts: bool


class _BoardId(NamedTuple):
    board_id: int


_SESSION = Query(
    select(
        User.id,
        User.name,
        User.email,
        User.is_admin,
        Session.id.label("session_id"),
        Session.expires_at,
        User.theme,
        User.density,
        User.shortcuts,
    )
    .join(Session, Session.user_id == User.id)
    .where(
        Session.token_hash == bindparam("digest"),
        Session.expires_at > bindparam("now", type_=Session.expires_at.type),
        User.disabled_at.is_(None),
    ),
    _SessionRow,
)
_TOKEN = Query(
    select(
        User.id,
        User.name,
        User.email,
        User.is_admin,
        Token.id.label("token_id"),
        Token.expires_at,
        Token.read_only,
        Token.narrowed,
        User.theme,
        User.density,
        User.shortcuts,
    )
    .join(Token, Token.user_id == User.id)
    .where(
        Token.token_hash == bindparam("digest"),
        or_(
            Token.expires_at.is_(None),
            Token.expires_at > bindparam("now", type_=Token.expires_at.type),
        ),
        User.disabled_at.is_(None),
    ),
    _TokenRow,
)
_TOKEN_BOARDS = Query(
    select(TokenBoard.board_id).where(TokenBoard.token_id == bindparam("token_id")), _BoardId
)


def identify(tx: Tx, credentials: Credentials | None) -> Actor:
    """The person behind credentials, as they stand now; 401 where they are not valid."""
    if credentials is None:
        raise NotSignedIn("Sign in, or send a token: Authorization: Bearer <token>.")
    now = clock.now()
    if credentials.kind == "session":
        row = tx.first(_SESSION, digest=credentials.digest, now=now)
        if row is not None:
            return Actor(
                row.id,
                row.name,
                row.email,
                row.is_admin,
                session_id=row.session_id,
                theme=row.theme,
                density=row.density,
                shortcuts=row.shortcuts,
                expires_at=row.expires_at,
            )
    else:
        found = tx.first(_TOKEN, digest=credentials.digest, now=now)
        if found is not None:
            boards = None
            if found.narrowed:
                boards = frozenset(
                    row.board_id for row in tx.all(_TOKEN_BOARDS, token_id=found.token_id)
                )
            return Actor(
                found.id,
                found.name,
                found.email,
                found.is_admin,
                token_id=found.token_id,
                read_only=found.read_only,
                boards=boards,
                theme=found.theme,
                density=found.density,
                shortcuts=found.shortcuts,
                expires_at=found.expires_at,
            )
    raise NotSignedIn("The credentials are not valid, or not any more.")
