"""One request as one unit of work: who asks is found in the same transaction as what is done."""

import contextlib
import hashlib
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, TypeVar

import orjson
from fastapi import Depends
from sqlalchemy import bindparam, delete, insert, or_, select
from starlette.requests import Request
from starlette.responses import Response

from app import clock
from app.auth.actor import Actor, Credentials, digest, identify
from app.auth.service import own_boards
from app.db import BOARD_OF_CARD, Database, Query, Statement, Tx
from app.errors import (
    AppError,
    Forbidden,
    IdempotencyKeyReused,
    Invalid,
    NotFound,
    NotSignedIn,
    Refusal,
)
from app.models import Board, Card, Checklist, IdempotencyRecord
from app.problems import MEDIA_TYPE, problem_body

COOKIE = "weir_session"
IDEMPOTENCY_LIFE = clock.DAY
# The parts of addresses by which a board is found.
_ON_A_BOARD = {"key", "card_id", "checklist_id"}
JSON = "application/json"
FOR_EVER = 2**62


class Answer(NamedTuple):
    """An answer, ready to be sent or kept. `good_until` says of a 304 up to when it is the answer
    to the same question if nothing is changed: the time at which it would be another by itself."""

    status: int
    body: bytes
    headers: dict[str, str]
    media_type: str = JSON
    good_until: int = 0

    def response(self) -> Response:
        """The answer as a response."""
        return Response(self.body, self.status, headers=self.headers, media_type=self.media_type)


class _Kept(NamedTuple):
    body_hash: str
    status: int
    headers: str
    body: str


_values: dict[str, Any] = {
    name: bindparam(name)
    for name in ("user_id", "route", "key", "body_hash", "status", "headers", "body", "created_at")
}
_mine = (
    IdempotencyRecord.user_id == bindparam("user_id"),
    IdempotencyRecord.route == bindparam("route"),
    IdempotencyRecord.key == bindparam("key"),
)
_KEPT = Query(
    select(
        IdempotencyRecord.body_hash,
        IdempotencyRecord.status,
        IdempotencyRecord.headers,
        IdempotencyRecord.body,
    ).where(*_mine, IdempotencyRecord.created_at > bindparam("since")),
    _Kept,
)
# A request that comes while the first one with its key is under way does the same work, but cannot
# keep its answer: the unit of work undoes it and runs again, and finds the first one's answer.
_KEEP = Statement(insert(IdempotencyRecord).values(_values))
_BOARD = Statement(
    select(Board.id).where(
        or_(
            Board.key == bindparam("board_key"),
            Board.id
            == select(Card.board_id).where(Card.id == bindparam("card_id")).scalar_subquery(),
            Board.id
            == select(Card.board_id)
            .join(Checklist, Checklist.card_id == Card.id)
            .where(Checklist.id == bindparam("checklist_id"))
            .scalar_subquery(),
        )
    )
)
_FORGET_OLD = Statement(
    delete(IdempotencyRecord).where(IdempotencyRecord.created_at <= bindparam("until"))
)

Verb = Callable[..., Any]
Render = Callable[[Tx, Actor, Any], Any]
T = TypeVar("T")


class _AnsweredMeanwhile(Exception):
    """The same request was answered while this one was carried out: nothing of it is kept."""


class Call:
    """A request to the API or for a page, with its credentials."""

    __slots__ = ("credentials", "db", "if_match", "key", "request", "route", "sent")

    def __init__(self, request: Request, sent: bytes) -> None:
        self.request = request
        self.db: Database = request.app.state.db
        self.credentials = credentials_of(request)
        self.if_match = _version(request.headers.get("if-match"))
        self.key = request.headers.get("idempotency-key") if request.method == "POST" else None
        self.sent = sent
        self.route = f"{request.method} {request.url.path}" if self.key is not None else ""
        if self.key is not None and not (0 < len(self.key) <= 255 and self.key.isprintable()):
            place = ("header", "Idempotency-Key")
            raise Invalid((place, "must have 1 to 255 printable characters"))

    @property
    def known_credentials(self) -> Credentials:
        """The credentials of a request that was found to have valid ones."""
        if self.credentials is None:
            raise NotSignedIn
        return self.credentials

    async def read(self, verb: Verb, *args: Any, render: Render | None = None) -> Response:
        """Answers with what `verb(tx, actor, *args)` returns, read as the person may see it."""
        return self._sent(await self.db.read(self._read, verb, args, render))

    async def write(
        self,
        verb: Verb,
        *args: Any,
        render: Render | None = None,
        status: int = 200,
        alone: bool = False,
    ) -> Response:
        """Carries out `verb(tx, actor, *args)` and answers with what it returns, once the change
        is committed. What locks two boards goes `alone`: in a transaction of those who wait for
        one of them it would come to the other out of order."""
        unit = (verb, args, render, status)
        board = None if alone else self._board()
        try:
            answer = await self.db.write(self._write, *unit, board=board)
        except _AnsweredMeanwhile:
            answer = await self.db.write(self._write, *unit, board=board)
        return answer.response()

    async def fetch(self, verb: Callable[..., T], *args: Any) -> T:
        """What `verb(tx, actor, *args)` returns, for a page that goes on with it."""
        return await self.db.read(lambda tx: verb(tx, identify(tx, self.credentials), *args))

    async def show(self, verb: Callable[[Tx, Actor], Answer | Response]) -> Response:
        """Answers with the page, or the fragments of one, that `verb(tx, actor)` makes."""
        made = await self.fetch(verb)
        return self._sent(made) if isinstance(made, Answer) else made

    def _sent(self, answer: Answer) -> Response:
        if answer.status == 304:
            self.request.state.good_until = answer.good_until
        return answer.response()

    async def act(self, verb: Callable[..., T], *args: Any, alone: bool = False) -> T:
        """Carries out `verb(tx, actor, *args)`, for a page that goes on with what it returns; what
        locks two boards goes `alone`."""
        board = None if alone else self._board()
        return await self.db.write(self._act, verb, args, board=board)

    def _board(self) -> str | None:
        """The key of the board that the request is about, where it is known without looking."""
        given = self.request.path_params
        if "key" in given:
            return str(given["key"]).upper()
        known: dict[str, str] = self.db.memory.get(BOARD_OF_CARD, {})
        return known.get(given.get("card_id", ""))

    def _act(self, tx: Tx, verb: Callable[..., T], args: tuple[Any, ...]) -> T:
        return verb(tx, writer(tx, self.credentials), *args)

    def _read(self, tx: Tx, verb: Verb, args: tuple[Any, ...], render: Render | None) -> Answer:
        actor = identify(tx, self.credentials)
        result = verb(tx, actor, *args)
        return _answer(result if render is None else render(tx, actor, result), 200)

    def _write(
        self, tx: Tx, verb: Verb, args: tuple[Any, ...], render: Render | None, status: int
    ) -> Answer:
        actor = writer(tx, self.credentials)
        if self.key is None:
            result = verb(tx, actor, *args)
            return _answer(result if render is None else render(tx, actor, result), status)
        claim = {
            "user_id": actor.id,
            "route": self.route,
            "key": self.key,
            "body_hash": _body_hash(self.sent),
            "created_at": clock.now(),
        }
        kept = self._kept(tx, actor, claim)
        if kept is not None:
            return kept
        try:
            result = verb(tx, actor, *args)
            answer = _answer(result if render is None else render(tx, actor, result), status)
        except AppError as error:
            # The same request may have been carried out since the look above, and be why this one
            # is refused: then its answer is wanted.
            if self._kept(tx, actor, claim) is not None:
                raise _AnsweredMeanwhile from error
            if isinstance(error, Refusal):
                _keep_with(error, claim)
            raise
        _keep(tx, claim, answer)
        return answer

    def _kept(self, tx: Tx, actor: Actor, claim: dict[str, Any]) -> Answer | None:
        """The first answer to this request, for those who still see what it is about."""
        mine = {name: claim[name] for name in ("user_id", "route", "key")}
        kept = tx.first(_KEPT, **mine, since=claim["created_at"] - IDEMPOTENCY_LIFE)
        if kept is None:
            return None
        given = self.request.path_params
        if _ON_A_BOARD & given.keys():
            board_id = tx.scalar(
                _BOARD,
                board_key=str(given.get("key", "")).upper(),
                card_id=int(given.get("card_id", 0)),
                checklist_id=int(given.get("checklist_id", 0)),
            )
            if board_id not in {board.id for board in own_boards(tx, actor)}:
                raise NotFound
        if kept.body_hash != claim["body_hash"]:
            raise IdempotencyKeyReused(
                "This Idempotency-Key came before with another body; use a new one."
            )
        headers = {**orjson.loads(kept.headers), "Idempotency-Replayed": "true"}
        return Answer(kept.status, kept.body.encode(), headers, headers.pop("Content-Type", JSON))


def _keep(tx: Tx, claim: dict[str, Any], answer: Answer) -> None:
    tx.run(_FORGET_OLD, until=claim["created_at"] - IDEMPOTENCY_LIFE)
    headers = {**answer.headers, "Content-Type": answer.media_type}
    tx.run(
        _KEEP,
        **claim,
        status=answer.status,
        headers=orjson.dumps(headers).decode(),
        body=answer.body.decode(),
    )


def _keep_with(refusal: Refusal, claim: dict[str, Any]) -> None:
    """Lets the answer to a refused request be kept with the refusal's own trace."""
    keep_event = refusal.keep

    def keep(tx: Tx) -> None:
        if keep_event is not None:
            keep_event(tx)
        _keep(tx, claim, Answer(refusal.status, problem_body(refusal), {}, MEDIA_TYPE))

    refusal.keep = keep


def not_modified(actor: Actor, tag: str, until: int = FOR_EVER) -> Answer:
    """What the asker has is still so: at least until a time, and as long as the credentials hold,
    if nothing is changed."""
    end = FOR_EVER if actor.expires_at is None else actor.expires_at
    return Answer(304, b"", {"ETag": tag}, good_until=min(until, end))


def plain(json: Callable[[Any], Any]) -> Render:
    """Shows what a verb returns as `json` has it, which needs nothing from the database."""

    def render(tx: Tx, actor: Actor, result: Any) -> Any:
        return json(result)

    return render


def nothing(tx: Tx, actor: Actor, result: object) -> None:
    """Shows nothing of what has gone."""


def writer(tx: Tx, credentials: Credentials | None) -> Actor:
    """The person behind credentials that may change things; 403 for a read-only token."""
    actor = identify(tx, credentials)
    if actor.read_only:
        raise Forbidden("The token is read-only.")
    return actor


def credentials_of(request: Request) -> Credentials | None:
    """What the request brings: a bearer token, else the session cookie."""
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        # A header of another kind is not overlooked in favour of the cookie.
        return Credentials("token", digest(token.strip())) if scheme.lower() == "bearer" else None
    cookie = request.cookies.get(request.app.state.cookie)
    return None if not cookie else Credentials("session", digest(cookie))


def _version(header: str | None) -> int | None:
    if header is None or header.strip() == "*":
        return None
    text = header.strip().removeprefix("W/").strip('"')
    # A version that no card ever has: stale by all means.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1


def _answer(result: Any, status: int) -> Answer:
    if isinstance(result, Answer):
        return result
    if result is None:
        return Answer(204, b"", {})
    return Answer(status, orjson.dumps(result), {})


def _body_hash(sent: bytes) -> str:
    # The same JSON in another spelling is the same body.
    with contextlib.suppress(orjson.JSONDecodeError):
        sent = orjson.dumps(orjson.loads(sent), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(sent).hexdigest()


async def _call(request: Request) -> Call:
    sent = b""
    if request.method == "POST" and "idempotency-key" in request.headers:
        sent = await request.body()
    return Call(request, sent)


CallDep = Annotated[Call, Depends(_call)]
