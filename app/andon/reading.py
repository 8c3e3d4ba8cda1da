"""The pulls of a board's cord, read from the history: its index of rare events has them all."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson
from sqlalchemy import BigInteger, bindparam

from app import clock
from app.auth.names import names_of
from app.boards.cord import CordEvent, person_json, pull_of, select_pulls_or_releases
from app.boards.history import OpenBoard
from app.db import Query, Tx
from app.models import Event


class PastPull(NamedTuple):
    """A pull of the cord, and its release where it was released."""

    seq: int
    reason: str
    at: int
    by: int | None
    released_at: int | None = None
    released_by: int | None = None
    learning: str = ""
    countermeasure: str = ""
    helpers: tuple[int, ...] = ()

    def lasted(self, now: int) -> int:
        """How long the cord was pulled, in microseconds: up to its release, or up to now."""
        return max(0, (now if self.released_at is None else self.released_at) - self.at)


_PULLED = Query(
    select_pulls_or_releases("andon.pulled")
    .where(Event.seq < bindparam("before", type_=BigInteger))
    .order_by(Event.seq.desc())
    .limit(bindparam("some", type_=BigInteger)),
    CordEvent,
)
_RELEASED = Query(
    select_pulls_or_releases("andon.resolved").where(
        Event.seq > bindparam("after", type_=BigInteger),
        Event.seq < bindparam("before", type_=BigInteger),
    ),
    CordEvent,
)


def past_pulls(tx: Tx, board: OpenBoard, some: int, before: int = 2**62) -> list[PastPull]:
    """An opened board's pulls, the last first, before that of the event `before`."""
    pulled = tx.all(_PULLED, board_id=board.id, before=before, some=some)
    if not pulled:
        return []
    released: dict[int, tuple[CordEvent, Mapping[str, Any]]] = {}
    # What released a pull comes after it and before the next one.
    for row in tx.all(_RELEASED, board_id=board.id, after=pulled[-1].seq, before=before):
        facts = orjson.loads(row.data)
        released[facts["pull"]] = (row, facts)
    return [_past_pull(board, row, released.get(row.seq)) for row in pulled]


def _past_pull(
    board: OpenBoard, row: CordEvent, released: tuple[CordEvent, Mapping[str, Any]] | None
) -> PastPull:
    found = PastPull(row.seq, orjson.loads(row.data)["reason"], row.at, row.actor_id)
    if released is None:
        pull = pull_of(board.row)
        return found._replace(helpers=pull.helpers) if pull and pull.seq == row.seq else found
    end, facts = released
    return found._replace(
        released_at=end.at,
        released_by=end.actor_id,
        learning=facts["learning"],
        countermeasure=facts["countermeasure"],
        helpers=tuple(facts["helper_ids"]),
    )


def names_in(tx: Tx, pulls: Iterable[PastPull]) -> dict[int, str]:
    """The names of all people whom some pulls name."""
    named = {user_id for pull in pulls for user_id in (pull.by, pull.released_by, *pull.helpers)}
    return names_of(tx, {user_id for user_id in named if user_id is not None})


def past_pull_json(pull: PastPull, names: Mapping[int, str], now: int) -> dict[str, Any]:
    """A pull with its release as the API shows it."""
    return {
        "seq": pull.seq,
        "reason": pull.reason,
        "pulled_by": person_json(pull.by, names),
        "pulled_at": clock.iso(pull.at),
        "resolved_by": person_json(pull.released_by, names),
        "resolved_at": clock.iso_or_none(pull.released_at),
        "duration": clock.seconds(pull.lasted(now)),
        "learning": pull.learning,
        "countermeasure": pull.countermeasure,
        "helpers": [person_json(user_id, names) for user_id in pull.helpers],
    }
