"""Whatever people do on two boards, with one card or many, back and forth and to the other board:
it ends where a plain model of the rules ends, and a rebuild finds nothing to repair."""

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import count
from typing import Any, ClassVar, NamedTuple

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.auth import service as auth
from app.auth.actor import Actor
from app.boards import membership
from app.boards import service as boards
from app.boards.history import read_board
from app.cards import bulk
from app.cards import service as cards
from app.cards.rebuild import examine_board
from app.cards.service import CardFields
from app.cards.transfer import transfer_card
from app.cards.undo import undo_last_action
from app.db import Database, Tx
from app.errors import (
    AppError,
    CardArchived,
    CardBlocked,
    NothingToUndo,
    UndoneNoMore,
    WipLimitReached,
)
from app.shaping import service as shaping
from tests.cards.plain import (
    Place,
    PlainBoard,
    PlainCard,
    PlainColumn,
    PlainLane,
    Snapshot,
    all_exceeded,
    look,
)

MOVED, ASSIGNED, BLOCKED = "card.moved", "card.assigned", "card.blocked"
UNBLOCKED, ARCHIVED, RESTORED = "card.unblocked", "card.archived", "card.restored"
ASPECT = {MOVED: "place", ASSIGNED: "people", BLOCKED: "block"}
ASPECT |= {UNBLOCKED: "block", ARCHIVED: "archive", RESTORED: "archive"}


class Facts(NamedTuple):
    """What of a card matters to the rules."""

    place: Place
    people: frozenset[int]
    blocked: bool
    archived: bool


@dataclass
class Deed:
    """What somebody did with some cards: of what kind, what they were and what they became."""

    who: int
    kind: str
    cards: dict[int, tuple[Facts, Facts]]
    over: bool = False  # Taken back, or found to be past that.


def facts(card: PlainCard) -> Facts:
    """What of a card matters, as it is now."""
    return Facts(card.place, card.people, card.blocked, card.archived)


_index = st.integers(0, 50)
_limit = st.none() | st.integers(1, 3)
_some = st.lists(_index, min_size=1, max_size=4)
_board = st.integers(0, 1)
_who = st.integers(0, 1)
Change = Callable[[list[PlainBoard]], None]


class TwoBoards(RuleBasedStateMachine):
    """Two people who work on two boards, and a model that does the same."""

    db: ClassVar[Database]
    people: ClassVar[list[Actor]]
    keys: ClassVar[Iterator[int]]

    @initialize(limits=st.lists(_limit, min_size=12, max_size=12))
    def make_the_boards(self, limits: list[int | None]) -> None:
        """Two boards of the same columns, with limits of their own."""
        self.names = [f"X{next(self.keys)}", f"X{next(self.keys)}"]
        self.ids: list[int] = []
        self.models: list[PlainBoard] = []
        self.deeds: list[list[Deed]] = [[], []]
        for at, name in enumerate(self.names):
            self.models.append(self.db.write_now(self.make, name, limits[at * 6 : at * 6 + 6]))
        self.seen = self.look()
        for at, limited in enumerate((limits[:6], limits[6:])):
            for _ in range(3 if limited[0] is None else limited[0]):
                self.create(at=at, who=0, column=0, lane=1, whose={at})

    def make(self, tx: Tx, key: str, limits: list[int | None]) -> PlainBoard:
        boss = self.people[0]
        boards.create_board(tx, boss, key, "Board", template="empty")
        membership.add_member(tx, boss, key, self.people[1].email, "member")
        lane = {"name": "Expedite", "wip_limit": 1, "expedite": True}
        shaping.add_lane(tx, boss, key, lane, 0)
        made = {}
        for index, kind in enumerate(("queue", "active", "queue", "done")):
            limit = limits[index] if index < 3 else None
            fields = {"name": f"C{index}", "kind": kind, "wip_limit": limit}
            fields |= {"group_id": None, "team": None, "policy": ""}
            _, column_id = shaping.add_column(tx, boss, key, fields)
            made[column_id] = PlainColumn(kind, limit, index in {1, 2})
        grouped = [one for one, column in made.items() if column.grouped]
        _, group = shaping.add_group(tx, boss, key, "Group", limits[3], grouped)
        limited = {"wip_limit": limits[4], "person_wip_limit": limits[5]}
        boards.change_board(tx, boss, key, limited)
        board = look(tx, read_board(tx, boss, key=key).id).board
        lanes = {row.id: PlainLane(row.wip_limit, row.expedite) for row in board.shape.lanes}
        self.ids.append(board.id)
        return PlainBoard(made, lanes, group, limits[3], limits[4], limits[5])

    def look(self) -> list[Snapshot]:
        """Both boards as they are kept."""
        return [self.db.read_now(look, one) for one in self.ids]

    def teardown(self) -> None:
        """What is derived is what the histories say, of either board."""
        for name in getattr(self, "names", []):
            assert self.db.read_now(examine_board, name) == []

    # What a verb should do is told by a change of the model; what it did is compared.

    def do(
        self,
        who: int,
        verb: Callable[..., Any],
        *args: Any,
        change: Change,
        errors: Iterable[type[AppError]] = (),
        loose: Iterable[int] = (),
        fresh: Iterable[int] = (),
    ) -> AppError | None:
        """Carries out a verb, unless one of `errors` has to come, or the model knows a limit that
        refuses it; the refusal. The `loose` cards may come anywhere in their cells; a `fresh` one
        goes by 0 in the change."""
        wanted = deepcopy(self.models)
        if not errors:
            change(wanted)
        broken = [
            each
            for before, after, one in zip(self.models, wanted, self.ids, strict=True)
            for each in all_exceeded(before, after, one)
        ]
        refused: AppError | None = None
        try:
            self.db.write_now(verb, self.people[who], *args)
        except AppError as raised:
            refused = raised
        before, self.seen = self.seen, self.look()
        if refused is None:
            assert not errors, f"done, and not refused as {errors}"
            assert not broken, f"done, although it breaks {broken}"
            self.models = wanted
            for one in fresh:
                self.name_it(one)
            self.adopt(set(loose))
            return None
        if isinstance(refused, WipLimitReached):
            say = refused.extensions
            assert (say["scope"], say["place"]["id"], say["limit"], say["count"]) in broken
        else:
            assert type(refused) in errors, f"refused: {refused.detail}"
        assert [one.cards for one in self.seen] == [one.cards for one in before]
        assert [one.cells for one in self.seen] == [one.cells for one in before]
        return refused

    def name_it(self, card_id: int) -> None:
        """Gives the card that was just made its id."""
        for model in self.models:
            if 0 in model.cards:
                card = model.cards[card_id] = model.cards.pop(0)
                model.order[card.place][-1] = card_id

    def adopt(self, loose: set[int]) -> None:
        """Takes over where in their cells some cards came; the others kept their order."""
        for model, seen in zip(self.models, self.seen, strict=True):
            for place, line in model.order.items():
                found = seen.order.get(place, [])
                assert sorted(found) == sorted(line)
                if loose:
                    firm = [one for one in line if one not in loose]
                    assert [one for one in found if one not in loose] == firm
                    model.order[place] = list(found)

    def note(self, at: int, who: int, kind: str, before: PlainBoard, ids: Iterable[int]) -> None:
        """Remembers what somebody did, where it changed anything."""
        now = self.models[at].cards
        changed = {
            one: (facts(before.cards[one]), facts(now[one]))
            for one in ids
            if facts(before.cards[one]) != facts(now[one])
        }
        if changed:
            self.deeds[at].append(Deed(who, kind, changed))

    def choose(self, at: int, numbers: list[int]) -> list[int]:
        """Some cards of a board, column by column from the top."""
        model = self.models[at]
        known = sorted(model.cards)
        chosen = {known[number % len(known)] for number in numbers} if known else set()
        columns = list(model.columns)
        rank = {one: i for line in self.seen[at].order.values() for i, one in enumerate(line)}

        def key(one: int) -> tuple[int, int, int]:
            column, lane = model.cards[one].place
            return columns.index(column), lane, rank.get(one, 0)

        return sorted(chosen, key=key)

    def cell(self, at: int, column: int, lane: int) -> Place:
        """A cell of a board."""
        columns, lanes = list(self.models[at].columns), list(self.models[at].lanes)
        return columns[column % len(columns)], lanes[lane % len(lanes)]

    def rightwards(self, at: int, source: Place, to: Place) -> bool:
        """Whether a move goes to the right."""
        columns = list(self.models[at].columns)
        return columns.index(to[0]) > columns.index(source[0])

    # --- One card, or many

    @rule(at=_board, who=_who, column=_index, lane=_index, whose=st.sets(_who))
    def create(self, at: int, who: int, column: int, lane: int, whose: set[int]) -> None:
        """Somebody creates a card."""
        if len(self.models[at].cards) >= 8:
            return
        place = self.cell(at, column, lane)
        people = frozenset(self.people[index].id for index in whose)
        made: list[int] = []

        def verb(tx: Tx, actor: Actor) -> None:
            fields = CardFields(
                "A card", column_id=place[0], lane_id=place[1], assignee_ids=sorted(people)
            )
            made.append(cards.create_card(tx, actor, self.names[at], fields).id)

        def change(models: list[PlainBoard]) -> None:
            models[at].cards[0] = PlainCard(place, people)
            models[at].order.setdefault(place, []).append(0)

        if self.do(who, verb, change=change, fresh=made) is None:
            assert self.models[at].cards[made[-1]].place == place

    @rule(at=_board, who=_who, some=_some, column=_index, lane=st.none() | _index)
    def move(self, at: int, who: int, some: list[int], column: int, lane: int | None) -> None:
        """Somebody moves cards to the end of a column."""
        chosen = self.choose(at, some)
        model = self.models[at]
        to, lane_id = self.cell(at, column, lane or 0)
        lane_id = lane_id if lane is not None else 0
        places = {one: (to, lane_id or model.cards[one].place[1]) for one in chosen}
        errors = {CardArchived for one in chosen if model.cards[one].archived} | {
            CardBlocked
            for one in chosen
            if model.cards[one].blocked and self.rightwards(at, model.cards[one].place, places[one])
        }

        def change(models: list[PlainBoard]) -> None:
            for one in chosen:
                if models[at].cards[one].place != places[one]:
                    models[at].remove(one)
                    models[at].put(one, places[one])

        self.many(at, who, MOVED, chosen, bulk.MoveAll(to, lane_id or None), change, errors)

    @rule(at=_board, who=_who, some=_some, add=st.sets(_who), remove=st.sets(_who))
    def assign(self, at: int, who: int, some: list[int], add: set[int], remove: set[int]) -> None:
        """Somebody says whose cards these are, and whose not any more."""
        chosen = self.choose(at, some)
        more, fewer = ({self.people[i].id for i in each} for each in (add, remove))

        def change(models: list[PlainBoard]) -> None:
            for one in chosen:
                card = models[at].cards[one]
                card.people = frozenset((card.people | more) - fewer)

        action = bulk.AssignAll(sorted(more), sorted(fewer))
        self.many(at, who, ASSIGNED, chosen, action, change)

    @rule(at=_board, who=_who, some=_some)
    def block(self, at: int, who: int, some: list[int]) -> None:
        """Somebody flags cards."""
        chosen = self.choose(at, some)
        errors = {CardArchived for one in chosen if self.models[at].cards[one].archived}
        self.many(
            at,
            who,
            BLOCKED,
            chosen,
            bulk.BlockAll("Why"),
            self.set_blocked(at, chosen, True),
            errors,
        )

    @rule(at=_board, who=_who, some=_some)
    def unblock(self, at: int, who: int, some: list[int]) -> None:
        """Somebody takes flags away."""
        chosen = self.choose(at, some)
        self.many(
            at, who, UNBLOCKED, chosen, bulk.UnblockAll(), self.set_blocked(at, chosen, False)
        )

    @rule(at=_board, who=_who, some=_some)
    def archive(self, at: int, who: int, some: list[int]) -> None:
        """Somebody takes cards off the board."""
        chosen = self.choose(at, some)
        self.many(at, who, ARCHIVED, chosen, bulk.ArchiveAll(), self.set_archived(at, chosen, True))

    @rule(at=_board, who=_who, some=_some)
    def restore(self, at: int, who: int, some: list[int]) -> None:
        """Somebody puts cards back, among the others where they stood."""
        chosen = self.choose(at, some)
        change = self.set_archived(at, chosen, False)
        self.many(at, who, RESTORED, chosen, bulk.RestoreAll(), change)

    def set_blocked(self, at: int, ids: Iterable[int], blocked: bool) -> Change:
        """What blocking and unblocking do to the model."""

        def change(models: list[PlainBoard]) -> None:
            for one in ids:
                models[at].cards[one].blocked = blocked

        return change

    def set_archived(self, at: int, ids: Iterable[int], archived: bool) -> Change:
        """What archiving and restoring do to the model."""

        def change(models: list[PlainBoard]) -> None:
            for one in ids:
                card = models[at].cards[one]
                if card.archived != archived:
                    card.archived = archived
                    if archived:
                        models[at].remove(one)
                    else:
                        models[at].put(one, card.place)

        return change

    def many(
        self,
        at: int,
        who: int,
        kind: str,
        chosen: list[int],
        action: bulk.Action,
        change: Change,
        errors: Iterable[type[AppError]] = (),
    ) -> None:
        """Does the same with some cards of a board."""
        if not chosen:
            return
        before = deepcopy(self.models[at])
        picked = [bulk.Chosen(one) for one in chosen]
        loose = chosen if kind == RESTORED else ()
        args = (self.names[at], picked, action)
        refused = self.do(who, bulk.change_cards, *args, change=change, errors=errors, loose=loose)
        if refused is None:
            self.note(at, who, kind, before, chosen)

    @precondition(lambda self: sum(len(model.cards) for model in self.models) > 8)
    @rule(at=_board, who=_who, card=_index)
    def discard(self, at: int, who: int, card: int) -> None:
        """Somebody throws a card away."""
        for one in self.choose(at, [card]):

            def change(models: list[PlainBoard], one: int = one) -> None:
                if not models[at].cards[one].archived:
                    models[at].remove(one)
                del models[at].cards[one]

            self.do(who, cards.discard_card, one, change=change)

    # --- To the other board, and back

    @rule(at=_board, who=_who, card=_index, column=_index, lane=_index)
    def transfer(self, at: int, who: int, card: int, column: int, lane: int) -> None:
        """Somebody moves a card to the other board."""
        for one in self.choose(at, [card]):
            place = self.cell(1 - at, column, lane)

            def change(models: list[PlainBoard], one: int = one, place: Place = place) -> None:
                models[at].remove(one)
                models[1 - at].cards[one] = models[at].cards.pop(one)
                models[1 - at].put(one, place)

            errors = {CardArchived} if self.models[at].cards[one].archived else set()
            args = (one, self.names[1 - at], *place)
            self.do(who, transfer_card, *args, change=change, errors=errors)

    @precondition(lambda self: any(not deed.over for deeds in self.deeds for deed in deeds))
    @rule(at=_board, who=_who)
    def undo(self, at: int, who: int) -> None:
        """Somebody takes back what they did last on a board."""
        mine = [deed for deed in self.deeds[at] if deed.who == who and not deed.over]
        if not mine:
            self.do(
                who, undo_last_action, self.names[at], change=lambda m: None, errors={NothingToUndo}
            )
            return
        deed = mine[-1]
        model = self.models[at]
        errors: set[type[AppError]] = set()
        if self.is_past(at, deed):
            errors = {UndoneNoMore}
        elif deed.kind == MOVED and any(
            model.cards[one].blocked and self.rightwards(at, now.place, was.place)
            for one, (was, now) in deed.cards.items()
        ):
            errors = {CardBlocked}

        def change(models: list[PlainBoard]) -> None:
            self.take_back(models, at, deed)

        before = deepcopy(model)
        args = (self.names[at],)
        refused = self.do(
            who, undo_last_action, *args, change=change, errors=errors, loose=deed.cards
        )
        deed.over = refused is None or isinstance(refused, UndoneNoMore)
        if refused is None:
            self.note(at, who, deed.kind, before, deed.cards)
            if self.deeds[at][-1] is not deed:
                self.deeds[at][-1].over = True

    def is_past(self, at: int, deed: Deed) -> bool:
        """Whether something can be taken back no more."""
        model = self.models[at]
        if not set(deed.cards) <= set(model.cards):
            return True
        later = self.deeds[at][self.deeds[at].index(deed) + 1 :]
        for each in later:
            same = ASPECT[each.kind] == ASPECT[deed.kind]
            if each.who != deed.who and same and set(each.cards) & set(deed.cards):
                return True
        changes = False
        for one, (was, became) in deed.cards.items():
            now = model.cards[one]
            if now.archived != (deed.kind == ARCHIVED):
                return True
            if deed.kind == MOVED and now.place != became.place:
                return True
            if ASPECT[deed.kind] == "block" and now.blocked != became.blocked:
                return True
            changes = changes or deed.kind != ASSIGNED or now.people != was.people
        return not changes

    def take_back(self, models: list[PlainBoard], at: int, deed: Deed) -> None:
        """What an undo does to the model."""
        model = models[at]
        for one, (was, _) in deed.cards.items():
            if deed.kind == MOVED:
                model.remove(one)
                model.put(one, was.place)
            elif deed.kind == ASSIGNED:
                model.cards[one].people = was.people
        if ASPECT[deed.kind] == "block":
            self.set_blocked(at, deed.cards, deed.kind == UNBLOCKED)(models)
        elif ASPECT[deed.kind] == "archive":
            self.set_archived(at, deed.cards, deed.kind == RESTORED)(models)

    # --- What is true after each step

    @invariant()
    def the_boards_are_where_the_model_is(self) -> None:
        """Counts, places, order, people and blocks, on both boards; no gap in their histories."""
        for model, seen in zip(self.models, self.seen, strict=True):
            assert {p: line for p, line in model.order.items() if line} == seen.order
            for place, held in seen.cells.items():
                assert held == len(model.order.get(place, []))
            kept = {
                one: Facts(
                    (row["column_id"], row["lane_id"]),
                    frozenset(orjson.loads(row["assignee_ids"])),
                    row["block_id"] is not None,
                    row["archived_at"] is not None,
                )
                for one, row in seen.cards.items()
            }
            assert kept == {one: facts(card) for one, card in model.cards.items()}
            assert [event.seq for event in seen.events] == list(range(1, seen.seq + 1))
            times = [event.at for event in seen.events]
            assert times == sorted(times)


def test_two_boards_do_what_the_rules_say_whatever_people_do(sqlite_url: str) -> None:
    db = Database(sqlite_url, synchronous="OFF", pool_size=1)
    try:

        def people(tx: Tx) -> list[Actor]:
            return [
                Actor(auth.add_user(tx, mail, name, None), name, mail, False)
                for name in ("Ada", "Grace")
                for mail in [f"{name}@example.org"]
            ]

        TwoBoards.db = db
        TwoBoards.people = db.write_now(people)
        TwoBoards.keys = count(1)
        run_state_machine_as_test(
            TwoBoards,
            settings=settings(
                max_examples=12,
                stateful_step_count=35,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        db.close()
