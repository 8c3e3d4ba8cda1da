"""Accounts: making them, signing in and out, tokens, and the one-time set-up link."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update

from app import clock
from app.auth.actor import Actor, digest, new_secret
from app.auth.links import forget_password_link
from app.db import Query, Statement, Tx
from app.errors import (
    AlreadyExists,
    Forbidden,
    Invalid,
    NotFound,
    NotSignedIn,
    SetupDone,
    TooManyRequests,
)
from app.models import (
    Board,
    Member,
    Session,
    SetupLink,
    SignInFailure,
    Token,
    TokenBoard,
    User,
)

THROTTLE_WINDOW = 15 * clock.MINUTE
SETUP_LINK_LIFE = clock.DAY


class _IdRow(NamedTuple):
    id: int


class _LinkRow(NamedTuple):
    expires_at: int


class _UserRow(NamedTuple):
    id: int
    name: str
    email: str
    is_admin: bool


class Account(NamedTuple):
    """What signing in needs to know of an account."""

    id: int
    password_hash: str | None


class TokenRow(NamedTuple):
    """A token without its secret."""

    id: int
    name: str
    read_only: bool
    narrowed: bool
    created_at: int
    expires_at: int | None


class NewToken(NamedTuple):
    """A token as it is shown this one time."""

    row: TokenRow
    boards: list[str] | None
    secret: str


class _TokenBoard(NamedTuple):
    token_id: int
    key: str


class BoardRef(NamedTuple):
    """A board that a token can be narrowed to."""

    id: int
    key: str
    name: str


_COUNT_USERS = Statement(select(func.count()).select_from(User))
_NEW_USER = Query(
    insert(User)
    .values(
        email=bindparam("email"),
        name=bindparam("name"),
        password_hash=bindparam("password_hash"),
        is_admin=bindparam("is_admin"),
        created_at=bindparam("created_at"),
    )
    .returning(User.id),
    _IdRow,
)
_ACCOUNT = Query(
    select(User.id, User.password_hash).where(
        User.email == bindparam("email"), User.disabled_at.is_(None)
    ),
    Account,
)
_TAKEN = Query(select(User.id).where(User.email == bindparam("email")), _IdRow)
_NEW_SESSION = Statement(
    insert(Session).values(
        token_hash=bindparam("token_hash"),
        user_id=bindparam("user_id"),
        user_agent=bindparam("user_agent"),
        created_at=bindparam("created_at"),
        expires_at=bindparam("expires_at"),
    )
)
_END_SESSION = Statement(delete(Session).where(Session.id == bindparam("session_id")))
_END_OLD_SESSIONS = Statement(delete(Session).where(Session.expires_at <= bindparam("now")))
_FAILURES = Statement(
    select(func.count())
    .select_from(SignInFailure)
    .where(SignInFailure.account == bindparam("account"), SignInFailure.at > bindparam("since"))
)
_FAILURES_FROM = Statement(
    select(func.count())
    .select_from(SignInFailure)
    .where(SignInFailure.address == bindparam("address"), SignInFailure.at > bindparam("since"))
)
_NEW_FAILURE = Statement(
    insert(SignInFailure).values(
        account=bindparam("account"), address=bindparam("address"), at=bindparam("at")
    )
)
_FORGET_FAILURES = Statement(delete(SignInFailure).where(SignInFailure.at <= bindparam("until")))
_FORGIVE = Statement(delete(SignInFailure).where(SignInFailure.account == bindparam("account")))
_CLEAR_LINKS = Statement(delete(SetupLink))
_NEW_LINK = Statement(
    insert(SetupLink).values(token_hash=bindparam("token_hash"), expires_at=bindparam("expires_at"))
)
_LINK = Query(
    select(SetupLink.expires_at).where(
        SetupLink.token_hash == bindparam("token_hash"), SetupLink.expires_at > bindparam("now")
    ),
    _LinkRow,
)
_token_columns = (
    Token.id,
    Token.name,
    Token.read_only,
    Token.narrowed,
    Token.created_at,
    Token.expires_at,
)
_TOKENS = Query(
    select(*_token_columns).where(Token.user_id == bindparam("user_id")).order_by(Token.id),
    TokenRow,
)
_NEW_TOKEN = Query(
    insert(Token)
    .values(
        token_hash=bindparam("token_hash"),
        user_id=bindparam("user_id"),
        name=bindparam("name"),
        read_only=bindparam("read_only"),
        narrowed=bindparam("narrowed"),
        created_at=bindparam("created_at"),
        expires_at=bindparam("expires_at"),
    )
    .returning(*_token_columns),
    TokenRow,
)
_NARROW = Statement(
    insert(TokenBoard).values(token_id=bindparam("token_id"), board_id=bindparam("board_id"))
)
_TOKEN_BOARDS = Query(
    select(TokenBoard.token_id, Board.key)
    .join(Board, Board.id == TokenBoard.board_id)
    .join(Token, Token.id == TokenBoard.token_id)
    .where(Token.user_id == bindparam("user_id"))
    .order_by(Board.key),
    _TokenBoard,
)
_WIDEN = Statement(
    delete(TokenBoard).where(
        TokenBoard.token_id.in_(
            select(Token.id).where(
                Token.id == bindparam("token_id"), Token.user_id == bindparam("user_id")
            )
        )
    )
)
_REVOKE = Statement(
    delete(Token).where(Token.id == bindparam("token_id"), Token.user_id == bindparam("user_id"))
)
_OWN_BOARDS = Query(
    select(Board.id, Board.key, Board.name)
    .join(Member, Member.board_id == Board.id)
    .where(Member.user_id == bindparam("user_id"))
    .order_by(Board.key),
    BoardRef,
)
_ALL_BOARDS = Query(select(Board.id, Board.key, Board.name).order_by(Board.key), BoardRef)
_SET_PASSWORD = Statement(
    update(User)
    .where(User.id == bindparam("user_id"))
    .values(password_hash=bindparam("password_hash"))
)
_END_ALL_SESSIONS = Statement(delete(Session).where(Session.user_id == bindparam("user_id")))
_BY_EMAIL = Query(
    select(User.id, User.name, User.email, User.is_admin).where(
        User.email == bindparam("email"), User.disabled_at.is_(None)
    ),
    _UserRow,
)


_FIRST_ADMIN = Query(
    select(User.id, User.name, User.email, User.is_admin)
    .where(User.is_admin.is_(True), User.disabled_at.is_(None))
    .order_by(User.id)
    .limit(1),
    _UserRow,
)


def has_users(tx: Tx) -> bool:
    """Whether anybody has an account here."""
    return bool(tx.scalar(_COUNT_USERS))


def add_user(
    tx: Tx, email: str, name: str, password_hash: str | None, *, is_admin: bool = False
) -> int:
    """Makes an account; its id. 409 where the address has one."""
    if tx.first(_TAKEN, email=email) is not None:
        raise AlreadyExists(f"{email} has an account already.")
    return tx.one(
        _NEW_USER,
        email=email,
        name=name,
        password_hash=password_hash,
        is_admin=is_admin,
        created_at=clock.now(),
    ).id


def find_user(tx: Tx, email: str) -> Actor:
    """The person with an e-mail address, with all their rights; 422 where there is none."""
    row = tx.first(_BY_EMAIL, email=email)
    if row is None:
        raise Invalid((("email",), f"{email} has no account here"))
    return Actor(row.id, row.name, row.email, row.is_admin)


def first_admin(tx: Tx) -> Actor | None:
    """The administrator who has been one of the accounts for the longest time, if there is one."""
    row = tx.first(_FIRST_ADMIN)
    return None if row is None else Actor(row.id, row.name, row.email, row.is_admin)


def set_password(tx: Tx, email: str, password_hash: str) -> None:
    """Gives an account another password, ends its sessions and a link to a new one; 422 where
    there is no account."""
    person = find_user(tx, email)
    tx.run(_SET_PASSWORD, user_id=person.id, password_hash=password_hash)
    forget_password_link(tx, person.id)
    tx.run(_END_ALL_SESSIONS, user_id=person.id)
    tx.rights = True


# --- The set-up link ----------------------------------------------------------------------------


def new_setup_link(tx: Tx) -> str | None:
    """Makes the one-time set-up link of an empty installation; None where there are accounts. An
    earlier link stops working."""
    if has_users(tx):
        return None
    secret = new_secret()
    tx.run(_CLEAR_LINKS)
    tx.run(_NEW_LINK, token_hash=digest(secret), expires_at=clock.now() + SETUP_LINK_LIFE)
    return secret


def check_setup_link(tx: Tx, secret: str) -> None:
    """409 once somebody has an account, 404 where the link is not the one that was printed."""
    if has_users(tx):
        raise SetupDone("This Weir has been set up. Sign in, or ask for an invite link.")
    if tx.first(_LINK, token_hash=digest(secret), now=clock.now()) is None:
        raise NotFound


def set_up(tx: Tx, secret: str, email: str, name: str, password_hash: str) -> Actor:
    """Makes the first account, an administrator's, and spends the link."""
    check_setup_link(tx, secret)
    if not tx.run(_CLEAR_LINKS):
        # Somebody else spent it between our look and now.
        raise SetupDone("This Weir has been set up. Sign in, or ask for an invite link.")
    user_id = add_user(tx, email, name, password_hash, is_admin=True)
    return Actor(user_id, name, email, True)


# --- Sessions -----------------------------------------------------------------------------------


def account_for_sign_in(tx: Tx, email: str, address: str, attempts: int) -> Account | None:
    """The account to check a password against; 429 after too many failures of the account or the
    address. The answer does not tell whether the account exists."""
    since = clock.now() - THROTTLE_WINDOW
    failed = tx.scalar(_FAILURES, account=email, since=since)
    failed_there = tx.scalar(_FAILURES_FROM, address=address, since=since)
    if failed >= attempts or failed_there >= attempts * 10:
        raise TooManyRequests(
            "Too many failed sign-ins. Wait a quarter of an hour.", THROTTLE_WINDOW // clock.SECOND
        )
    return tx.first(_ACCOUNT, email=email)


def note_failure(tx: Tx, email: str, address: str) -> None:
    """Counts a failed sign-in."""
    now = clock.now()
    tx.run(_FORGET_FAILURES, until=now - THROTTLE_WINDOW)
    tx.run(_NEW_FAILURE, account=email, address=address, at=now)


def sign_in(tx: Tx, email: str, account: Account, user_agent: str, days: int) -> str:
    """Begins a session after the password was found right; the secret of its cookie."""
    if tx.first(_ACCOUNT, email=email) != account:
        # Switched off, or given another password, while the old one was being checked.
        raise NotSignedIn("The e-mail address or the password is wrong.")
    tx.run(_FORGIVE, account=email)
    return begin_session(tx, account.id, user_agent, days)


def begin_session(tx: Tx, user_id: int, user_agent: str, days: int) -> str:
    """Begins a session for a person; the secret of its cookie."""
    now = clock.now()
    secret = new_secret()
    tx.run(_END_OLD_SESSIONS, now=now)
    tx.run(
        _NEW_SESSION,
        token_hash=digest(secret),
        user_id=user_id,
        user_agent=user_agent[:200],
        created_at=now,
        expires_at=now + days * clock.DAY,
    )
    return secret


def sign_out(tx: Tx, actor: Actor) -> None:
    """Ends the session with which the person asks."""
    if actor.session_id is not None:
        tx.run(_END_SESSION, session_id=actor.session_id)
        tx.rights = True


# --- Tokens -------------------------------------------------------------------------------------


def list_tokens(tx: Tx, actor: Actor) -> list[tuple[TokenRow, list[str] | None]]:
    """A person's tokens, each with the keys of the boards it is narrowed to (None: all)."""
    narrowed: dict[int, list[str]] = {}
    for row in tx.all(_TOKEN_BOARDS, user_id=actor.id):
        narrowed.setdefault(row.token_id, []).append(row.key)
    return [
        (row, narrowed.get(row.id, []) if row.narrowed else None)
        for row in tx.all(_TOKENS, user_id=actor.id)
    ]


def own_boards(tx: Tx, actor: Actor) -> list[BoardRef]:
    """The boards that a person sees, as far as the credentials reach, by key."""
    rows = tx.all(_ALL_BOARDS) if actor.is_admin else tx.all(_OWN_BOARDS, user_id=actor.id)
    return [row for row in rows if actor.reaches(row.id)]


def create_token(
    tx: Tx,
    actor: Actor,
    name: str,
    *,
    read_only: bool = False,
    boards: Sequence[str] | None = None,
    expires_at: int | None = None,
) -> NewToken:
    """Makes a token for the API; its secret is shown this one time. A token makes no tokens."""
    if actor.token_id is not None:
        raise Forbidden("A token makes no tokens.")
    now = clock.now()
    if expires_at is not None and expires_at <= now:
        raise Invalid((("body", "expires_at"), "must lie in the future"))
    by_key = {row.key: row.id for row in own_boards(tx, actor)}
    unknown = [
        (("body", "boards", index), f"there is no board {key} that you may see")
        for index, key in enumerate(boards or ())
        if key not in by_key
    ]
    if unknown:
        raise Invalid(*unknown)
    secret = new_secret()
    row = tx.one(
        _NEW_TOKEN,
        token_hash=digest(secret),
        user_id=actor.id,
        name=name,
        read_only=read_only,
        narrowed=boards is not None,
        created_at=now,
        expires_at=expires_at,
    )
    keys = None if boards is None else sorted(set(boards))
    for key in keys or ():
        tx.run(_NARROW, token_id=row.id, board_id=by_key[key])
    return NewToken(row, keys, secret)


def revoke_token(tx: Tx, actor: Actor, token_id: int) -> None:
    """Ends a token; what it has open ends with it."""
    if actor.read_only:
        raise Forbidden("The token is read-only.")
    tx.run(_WIDEN, token_id=token_id, user_id=actor.id)
    if not tx.run(_REVOKE, token_id=token_id, user_id=actor.id):
        raise NotFound
    tx.rights = True
