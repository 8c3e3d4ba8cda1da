"""Stories that Hypothesis makes up: people who do things on boards, and a plain model beside them.

What the machines share stands here: the people, a board with its model, and how a story is run.
"""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from app.auth import service as auth
from app.auth.actor import Actor
from app.boards import membership
from app.boards import service as boards
from app.cards.spots import Spot
from app.db import Database, Tx
from app.shaping import service as shaping
from tests.cards.plain import Place, PlainBoard, PlainColumn, PlainLane, Snapshot

an_index = st.integers(0, 50)
a_limit = st.none() | st.integers(1, 3)
a_spot = st.sampled_from(["end", "index", "before", "after"])


class Stories(RuleBasedStateMachine):
    """People who do things on boards; the first of them manages all."""

    db: ClassVar[Database]
    people: ClassVar[list[Actor]]
    keys: ClassVar[Iterator[int]]


def make_board(
    tx: Tx,
    people: Sequence[Actor],
    key: str,
    kinds: Sequence[str],
    limits: Sequence[int | None],
    *,
    group: int | None,
    expedite: int | None,
) -> tuple[int, PlainBoard]:
    """A board for all of the people, and its model: an expedite lane and an ordinary one, the
    second and the third column a group, no limit on the last one."""
    boss = people[0]
    boards.create_board(tx, boss, key, "Board", template="empty")
    for person in people[1:]:
        membership.add_member(tx, boss, key, person.email, "member")
    lane = {"name": "Expedite", "wip_limit": expedite, "expedite": True}
    shaping.add_lane(tx, boss, key, lane, 0)
    made = {}
    for index, (kind, limit) in enumerate(zip(kinds, [*limits, None], strict=True)):
        fields = {"name": f"C{index}", "kind": kind, "wip_limit": limit}
        fields |= {"group_id": None, "team": None, "policy": ""}
        _, column_id = shaping.add_column(tx, boss, key, fields)
        made[column_id] = PlainColumn(kind, limit, index in {1, 2})
    grouped = [one for one, column in made.items() if column.grouped]
    board, group_id = shaping.add_group(tx, boss, key, "Group", group, grouped)
    lanes = {row.id: PlainLane(row.wip_limit, row.expedite) for row in board.shape.lanes}
    return board.id, PlainBoard(made, lanes, group_id, group)


def cell_of(model: PlainBoard, column: int, lane: int) -> Place:
    """One of a board's cells."""
    columns, lanes = list(model.columns), list(model.lanes)
    return columns[column % len(columns)], lanes[lane % len(lanes)]


def is_to_the_right(model: PlainBoard, source: Place, to: Place) -> bool:
    """Whether a move between two cells goes to the right."""
    columns = list(model.columns)
    return columns.index(to[0]) > columns.index(source[0])


def spot_among(others: Sequence[int], kind: str, where: int) -> tuple[Spot, int]:
    """A spot among other cards, and the index that it means."""
    if kind == "index":
        return Spot(index=where % 6), min(where % 6, len(others))
    if kind in {"before", "after"} and others:
        index = where % len(others)
        if kind == "before":
            return Spot(before_card_id=others[index]), index
        return Spot(after_card_id=others[index]), index + 1
    return Spot(), len(others)


def check_history(seen: Snapshot) -> None:
    """A board's history has no gap, and its times never go back."""
    assert [event.seq for event in seen.events] == list(range(1, seen.seq + 1))
    times = [event.at for event in seen.events]
    assert times == sorted(times)


def run_stories(
    machine: type[Stories], url: str, names: Sequence[str], *, examples: int, steps: int
) -> None:
    """Lets Hypothesis make up stories with these people, all in one database."""
    db = Database(url, synchronous="OFF", pool_size=1)
    try:

        def people(tx: Tx) -> list[Actor]:
            mails = [f"{name}@example.org" for name in names]
            return [
                Actor(auth.add_user(tx, mail, name, None), name, mail, False)
                for name, mail in zip(names, mails, strict=True)
            ]

        machine.db = db
        machine.people = db.write_now(people)
        machine.keys = count(1)
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        db.close()
