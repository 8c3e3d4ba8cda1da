"""What people say about a card: adding, editing and deleting comments, and reading them."""

from typing import Any, NamedTuple

import orjson
from sqlalchemy import bindparam, insert, select, update

from app import clock
from app.auth.actor import Actor
from app.boards.history import Fact, OpenBoard, record
from app.boards.membership import members_of
from app.cards.counts import count_details
from app.db import Query, Statement, Tx
from app.details.opened import lock_card, lock_card_of
from app.errors import Forbidden, NotFound
from app.markdown import mentioned
from app.models import Comment, IdempotencyRecord, User

ALL = 1_000_000


class CommentRow(NamedTuple):
    """A comment; of a deleted one the text is gone and its place remains."""

    id: int
    card_id: int
    author_id: int | None
    author_name: str | None
    body: str
    created_at: int
    edited_at: int | None
    deleted_at: int | None


class _IdRow(NamedTuple):
    id: int


class _KeptRow(NamedTuple):
    user_id: int
    route: str
    key: str
    body: str


_SELECT = select(
    Comment.id,
    Comment.card_id,
    Comment.author_id,
    User.name.label("author_name"),
    Comment.body,
    Comment.created_at,
    Comment.edited_at,
    Comment.deleted_at,
).outerjoin(User, User.id == Comment.author_id)
_BY_ID = Query(
    _SELECT.where(Comment.id == bindparam("comment_id"), Comment.deleted_at.is_(None)), CommentRow
)
_OF_CARD = Query(
    _SELECT.where(Comment.card_id == bindparam("card_id"), Comment.id > bindparam("after"))
    .order_by(Comment.id)
    .limit(bindparam("some", type_=Comment.id.type)),
    CommentRow,
)
_OWNER = Statement(
    select(Comment.card_id).where(Comment.id == bindparam("id"), Comment.deleted_at.is_(None))
)
_ADD = Query(
    insert(Comment)
    .values(
        card_id=bindparam("card_id"),
        author_id=bindparam("author_id"),
        body=bindparam("body"),
        created_at=bindparam("created_at"),
    )
    .returning(Comment.id),
    _IdRow,
)
_EDIT = Statement(
    update(Comment)
    .where(Comment.id == bindparam("comment_id"))
    .values(body=bindparam("body"), edited_at=bindparam("edited_at"))
)
_DELETE = Statement(
    update(Comment)
    .where(Comment.id == bindparam("comment_id"))
    .values(body="", deleted_at=bindparam("deleted_at"))
)
# The answers that are kept for requests with an Idempotency-Key have the comment's text too.
_KEPT = Query(
    select(
        IdempotencyRecord.user_id,
        IdempotencyRecord.route,
        IdempotencyRecord.key,
        IdempotencyRecord.body,
    ).where(
        IdempotencyRecord.user_id == bindparam("of_user"),
        IdempotencyRecord.route.like("POST %/comments"),
    ),
    _KeptRow,
)
_KEEP = Statement(
    update(IdempotencyRecord)
    .where(
        IdempotencyRecord.user_id == bindparam("of_user"),
        IdempotencyRecord.route == bindparam("of_route"),
        IdempotencyRecord.key == bindparam("of_key"),
    )
    .values(body=bindparam("body"))
)


def add_comment(tx: Tx, actor: Actor | None, card_id: int, body: str) -> CommentRow:
    """Says something about a card. Members of the board who are mentioned (`@name`) stand in the
    event that tells of it."""
    board, card = lock_card(tx, actor, card_id)
    values = {"body": body, "created_at": board.now}
    comment_id = tx.one(_ADD, card_id=card.id, author_id=board.actor_id, **values).id
    count_details(tx, card.id)
    data = {"comment_id": comment_id, "mentions": _mentions(tx, board, body)}
    record(tx, board, Fact("comment.added", card.id, data))
    return tx.one(_BY_ID, comment_id=comment_id)


def edit_comment(tx: Tx, actor: Actor | None, comment_id: int, body: str) -> CommentRow:
    """Changes what one has said oneself; nobody changes the words of somebody else."""
    board, comment = _lock(tx, actor, comment_id)
    if board.actor_id != comment.author_id:
        raise Forbidden("Only its author may change a comment.")
    if body == comment.body:
        return comment
    tx.run(_EDIT, comment_id=comment_id, body=body, edited_at=board.now)
    data = {"comment_id": comment_id, "mentions": _mentions(tx, board, body)}
    record(tx, board, Fact("comment.edited", comment.card_id, data))
    return comment._replace(body=body, edited_at=board.now)


def delete_comment(tx: Tx, actor: Actor | None, comment_id: int) -> CommentRow:
    """Deletes what one has said oneself, or as a manager what anybody has said. The text is gone
    for good; that there was a comment stays."""
    board, comment = _lock(tx, actor, comment_id)
    if board.actor_id != comment.author_id and not board.may_manage:
        raise Forbidden("Only its author or a manager of the board may delete a comment.")
    tx.run(_DELETE, comment_id=comment_id, deleted_at=board.now)
    deleted = comment._replace(body="", deleted_at=board.now)
    _forget_answers(tx, deleted)
    count_details(tx, comment.card_id)
    data = {"comment_id": comment_id, "author_id": comment.author_id}
    record(tx, board, Fact("comment.deleted", comment.card_id, data))
    return deleted


def comments_of(tx: Tx, card_id: int, after: int = 0, some: int = ALL) -> list[CommentRow]:
    """A card's comments, oldest first, deleted ones without their text. Whoever asks has been found
    to see the card."""
    return tx.all(_OF_CARD, card_id=card_id, after=after, some=some)


def comment_json(row: CommentRow) -> dict[str, Any]:
    """A comment as the API shows it."""
    author = None
    if row.author_id is not None:
        author = {"id": row.author_id, "name": row.author_name}
    return {
        "id": row.id,
        "card_id": row.card_id,
        "author": author,
        "body": row.body,
        "created_at": clock.iso(row.created_at),
        "edited_at": clock.iso_or_none(row.edited_at),
        "deleted_at": clock.iso_or_none(row.deleted_at),
    }


def _lock(tx: Tx, actor: Actor | None, comment_id: int) -> tuple[OpenBoard, CommentRow]:
    board, _ = lock_card_of(tx, actor, _OWNER, comment_id)
    comment = tx.first(_BY_ID, comment_id=comment_id)
    if comment is None:
        raise NotFound
    return board, comment


def _mentions(tx: Tx, board: OpenBoard, body: str) -> list[int]:
    return mentioned(body, members_of(tx, board.id)) if "@" in body else []


def _forget_answers(tx: Tx, deleted: CommentRow) -> None:
    """Takes the text out of the answers that are kept for a repeated request, too."""
    for kept in tx.all(_KEPT, of_user=deleted.author_id):
        if orjson.loads(kept.body).get("id") == deleted.id:
            body = orjson.dumps(comment_json(deleted)).decode()
            of = {"of_user": kept.user_id, "of_route": kept.route, "of_key": kept.key}
            tx.run(_KEEP, **of, body=body)
