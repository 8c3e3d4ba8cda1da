"""Whatever people do on two boards, with one card or many, back and forth and to the other board:
it ends where a plain model of the rules ends, and a rebuild finds nothing to repair."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import orjson
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)

from app.auth.actor import Actor
from app.boards import service as boards
from app.cards import bulk
from app.cards import service as cards
from app.cards.placing import GAP
from app.cards.rebuild import examine_board
from app.cards.service import CardFields
from app.cards.transfer import transfer_card
from app.cards.undo import undo_last_action
from app.db import Tx
from app.errors import (
    AppError,
    CardArchived,
    CardBlocked,
    NothingToUndo,
    UndoneNoMore,
    WipLimitReached,
)
from tests.cards.plain import (
    Place,
    PlainBoard,
    PlainCard,
    Snapshot,
    all_exceeded,
    look,
)
from tests.cards.stories import (
    Stories,
    a_limit,
    a_spot,
    an_index,
    cell_of,
    check_history,
    is_to_the_right,
    make_board,
    run_stories,
    spot_among,
)

MOVED, REORDERED = "card.moved", "card.reordered"
ASSIGNED, BLOCKED = "card.assigned", "card.blocked"
UNBLOCKED, ARCHIVED, RESTORED = "card.unblocked", "card.archived", "card.restored"
ASPECT = {MOVED: "place", REORDERED: "place", ASSIGNED: "people", BLOCKED: "block"}
ASPECT |= {UNBLOCKED: "block", ARCHIVED: "archive", RESTORED: "archive"}


class Facts(NamedTuple):
    """What of a card matters to the rules."""

    place: Place
    people: frozenset[int]
    blocked: bool
    archived: bool


@dataclass(eq=False)
class Deed:
    """What somebody did with some cards: of what kind, what they were and what they became, and
    the ranks that they had in their cells."""

    who: int
    kind: str
    cards: dict[int, tuple[Facts, Facts]]
    ranks: dict[int, int]
    over: bool = False  # Taken back, or found to be past that.

    @property
    def leaves(self) -> bool:
        """Whether places were left by it, to which an undo would lead back."""
        return self.kind in {MOVED, ARCHIVED}


def facts(card: PlainCard) -> Facts:
    """What of a card matters, as it is now."""
    return Facts(card.place, card.people, card.blocked, card.archived)


KINDS = ("queue", "active", "queue", "done")


def put_back(model: PlainBoard, ranks: dict[int, int], one: int, place: Place, rank: int) -> None:
    """Puts a card to where it had a rank once, or right behind the card that has it now."""
    line = model.order.get(place, [])
    taken = [index for index, each in enumerate(line) if ranks[each] == rank]
    if taken:
        index = taken[0] + 1
        rank = (rank + ranks[line[index]]) // 2 if index < len(line) else rank + GAP
    else:
        index = sum(ranks[each] < rank for each in line)
    ranks[one] = rank
    model.put(one, place, index)


_some = st.lists(an_index, min_size=1, max_size=4)
_board = st.integers(0, 1)
_who = st.integers(0, 1)
_back = st.booleans()
Change = Callable[[list[PlainBoard]], None]


class TwoBoards(Stories):
    """Two people who work on two boards, and a model that does the same."""

    @initialize(limits=st.lists(a_limit, min_size=12, max_size=12))
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
        """A board with limits on three columns, the group, the board and each person."""
        *columns, group, whole, person = limits
        board_id, board = make_board(tx, self.people, key, KINDS, columns, group=group, expedite=1)
        limited = {"wip_limit": whole, "person_wip_limit": person}
        boards.change_board(tx, self.people[0], key, limited)
        self.ids.append(board_id)
        return replace(board, limit=whole, person_limit=person)

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
        fresh: Iterable[int] = (),
    ) -> AppError | None:
        """Carries out a verb, unless one of `errors` has to come, or the model knows a limit that
        refuses it; the refusal. A `fresh` card goes by 0 in the change."""
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
        self.before, self.seen = self.seen, self.look()
        if refused is None:
            assert not errors, f"done, and not refused as {errors}"
            assert not broken, f"done, although it breaks {broken}"
            self.models = wanted
            for one in fresh:
                self.name_it(one)
            return None
        if isinstance(refused, WipLimitReached):
            say = refused.extensions
            assert (say["scope"], say["place"]["id"], say["limit"], say["count"]) in broken
        else:
            assert type(refused) in errors, f"refused: {refused.detail}"
        assert [one.cards for one in self.seen] == [one.cards for one in self.before]
        assert [one.cells for one in self.seen] == [one.cells for one in self.before]
        return refused

    def name_it(self, card_id: int) -> None:
        """Gives the card that was just made its id."""
        for model in self.models:
            if 0 in model.cards:
                card = model.cards[card_id] = model.cards.pop(0)
                model.order[card.place][-1] = card_id

    def note(self, at: int, who: int, kind: str, before: PlainBoard, ids: Iterable[int]) -> None:
        """Remembers what somebody did, where it changed anything."""
        now = self.models[at].cards
        was, became = self.ranks(self.before[at]), self.ranks(self.seen[at])
        changed = {
            one: (facts(before.cards[one]), facts(now[one]))
            for one in ids
            if facts(before.cards[one]) != facts(now[one])
            or (kind == REORDERED and was[one] != became[one])
        }
        if changed:
            ranks = {one: was[one] for one in changed}
            self.deeds[at].append(Deed(who, kind, changed, ranks))

    def ranks(self, seen: Snapshot) -> dict[int, int]:
        """The ranks of a board's cards in their cells; an archived one keeps the one it had."""
        return {one: row["rank"] for one, row in seen.cards.items()}

    def choose(self, at: int, numbers: list[int]) -> list[int]:
        """Some cards of a board, column by column from the top."""
        model = self.models[at]
        known = sorted(model.cards)
        chosen = {known[number % len(known)] for number in numbers} if known else set()
        columns = list(model.columns)
        ranks = self.ranks(self.seen[at])

        def key(one: int) -> tuple[int, int, int]:
            column, lane = model.cards[one].place
            return columns.index(column), lane, ranks[one]

        return sorted(chosen, key=key)

    # --- One card, or many

    @rule(at=_board, who=_who, column=an_index, lane=an_index, whose=st.sets(_who))
    def create(self, at: int, who: int, column: int, lane: int, whose: set[int]) -> None:
        """Somebody creates a card."""
        if len(self.models[at].cards) >= 10:
            return
        place = cell_of(self.models[at], column, lane)
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

    @precondition(lambda self: any(deed.leaves for deed in self.last_deeds().values()))
    @rule(who=_who, pick=an_index)
    def take_a_place(self, who: int, pick: int) -> None:
        """Somebody creates a card where one was just taken away, which may want to come back."""
        left = [
            (at, was.place)
            for (at, _), deed in sorted(self.last_deeds().items(), key=lambda one: one[0])
            if deed.leaves
            for was, _ in deed.cards.values()
        ]
        at, (column, lane) = left[pick % len(left)]
        model = self.models[at]
        places = {
            "column": list(model.columns).index(column),
            "lane": list(model.lanes).index(lane),
        }
        self.create(at=at, who=who, whose=set(), **places)

    @rule(at=_board, who=_who, some=_some, column=an_index, lane=st.none() | an_index, back=_back)
    def move(
        self, at: int, who: int, some: list[int], column: int, lane: int | None, back: bool
    ) -> None:
        """Somebody moves cards to the end of a column, and perhaps thinks better of it."""
        model = self.models[at]
        chosen = self.choose(at, some)
        # Mostly cards that can be moved: a refusal of the others is soon told.
        chosen = [one for one in chosen if not model.cards[one].archived] or chosen
        to, lane_id = cell_of(self.models[at], column, lane or 0)
        lane_id = lane_id if lane is not None else 0
        places = {one: (to, lane_id or model.cards[one].place[1]) for one in chosen}
        errors = {CardArchived for one in chosen if model.cards[one].archived} | {
            CardBlocked
            for one in chosen
            if model.cards[one].blocked
            and is_to_the_right(model, model.cards[one].place, places[one])
        }

        def change(models: list[PlainBoard]) -> None:
            for one in chosen:
                if models[at].cards[one].place != places[one]:
                    models[at].remove(one)
                    models[at].put(one, places[one])

        self.many(at, who, MOVED, chosen, bulk.MoveAll(to, lane_id or None), change, errors)
        if back:
            self.take_it_back(at, who)

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

    @rule(at=_board, who=_who, some=_some, blocked=st.booleans())
    def flag(self, at: int, who: int, some: list[int], blocked: bool) -> None:
        """Somebody flags cards, or takes flags away."""
        chosen = self.choose(at, some)
        change = self.set_blocked(at, chosen, blocked)
        if not blocked:
            self.many(at, who, UNBLOCKED, chosen, bulk.UnblockAll(), change)
            return
        errors = {CardArchived for one in chosen if self.models[at].cards[one].archived}
        self.many(at, who, BLOCKED, chosen, bulk.BlockAll("Why"), change, errors)

    @rule(at=_board, who=_who, some=_some, archived=st.booleans())
    def put_away(self, at: int, who: int, some: list[int], archived: bool) -> None:
        """Somebody takes cards off the board, or puts them back among the others where they
        stood."""
        chosen = self.choose(at, some)
        kind, action = (ARCHIVED, bulk.ArchiveAll()) if archived else (RESTORED, bulk.RestoreAll())
        self.many(at, who, kind, chosen, action, self.set_archived(at, chosen, archived))

    def set_blocked(self, at: int, ids: Iterable[int], blocked: bool) -> Change:
        """What blocking and unblocking do to the model."""

        def change(models: list[PlainBoard]) -> None:
            for one in ids:
                models[at].cards[one].blocked = blocked

        return change

    def set_archived(self, at: int, ids: Iterable[int], archived: bool) -> Change:
        """What archiving and restoring do to the model."""
        ranks = self.ranks(self.seen[at])

        def change(models: list[PlainBoard]) -> None:
            for one in ids:
                card = models[at].cards[one]
                if card.archived != archived:
                    card.archived = archived
                    if archived:
                        models[at].remove(one)
                    else:
                        put_back(models[at], ranks, one, card.place, ranks[one])

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
        args = (self.names[at], picked, action)
        refused = self.do(who, bulk.change_cards, *args, change=change, errors=errors)
        if refused is None:
            self.note(at, who, kind, before, chosen)

    @precondition(lambda self: sum(len(model.cards) for model in self.models) > 8)
    @rule(at=_board, who=_who, card=an_index)
    def discard(self, at: int, who: int, card: int) -> None:
        """Somebody throws a card away."""
        for one in self.choose(at, [card]):

            def change(models: list[PlainBoard], one: int = one) -> None:
                if not models[at].cards[one].archived:
                    models[at].remove(one)
                del models[at].cards[one]

            self.do(who, cards.discard_card, one, change=change)

    @rule(at=_board, who=_who, card=an_index, spot=a_spot, where=an_index, back=_back)
    def reorder(self, at: int, who: int, card: int, spot: str, where: int, back: bool) -> None:
        """Somebody moves a card within its cell, which no limit is asked about, and perhaps thinks
        better of it."""
        for one in self.choose(at, [card]):
            model = self.models[at]
            place = model.cards[one].place
            others = [each for each in model.order.get(place, []) if each != one]
            wanted, index = spot_among(others, spot, where)

            def change(
                models: list[PlainBoard], one: int = one, place: Place = place, index: int = index
            ) -> None:
                models[at].remove(one)
                models[at].put(one, place, index)

            before = deepcopy(model)
            errors = {CardArchived} if model.cards[one].archived else set()
            args = (one, *place, wanted)
            if self.do(who, cards.move_card, *args, change=change, errors=errors) is None:
                self.note(at, who, REORDERED, before, [one])
        if back:
            self.take_it_back(at, who)

    # --- To the other board, and back

    @rule(at=_board, who=_who, card=an_index, column=an_index, lane=an_index)
    def transfer(self, at: int, who: int, card: int, column: int, lane: int) -> None:
        """Somebody moves a card to the other board."""
        for one in self.choose(at, [card]):
            place = cell_of(self.models[1 - at], column, lane)

            def change(models: list[PlainBoard], one: int = one, place: Place = place) -> None:
                models[at].remove(one)
                models[1 - at].cards[one] = models[at].cards.pop(one)
                models[1 - at].put(one, place)

            errors = {CardArchived} if self.models[at].cards[one].archived else set()
            args = (one, self.names[1 - at], *place)
            self.do(who, transfer_card, *args, change=change, errors=errors)

    def last_deeds(self) -> dict[tuple[int, int], Deed]:
        """What each of the people did last on each board and has not taken back yet."""
        return {
            (at, deed.who): deed
            for at, deeds in enumerate(self.deeds)
            for deed in deeds
            if not deed.over
        }

    @precondition(lambda self: any(self.deeds) and not self.last_deeds())
    @rule(at=_board, who=_who)
    def find_nothing_to_undo(self, at: int, who: int) -> None:
        """Somebody wants to take something back when all has been taken back."""
        args = (self.names[at],)
        self.do(who, undo_last_action, *args, change=lambda models: None, errors={NothingToUndo})

    @precondition(lambda self: self.last_deeds())
    @rule(pick=an_index)
    def undo(self, pick: int) -> None:
        """Somebody takes back what they did last on a board."""
        last = self.last_deeds()
        self.take_it_back(*sorted(last)[pick % len(last)])

    def take_it_back(self, at: int, who: int) -> None:
        """Takes back what somebody did last on a board, if that can be."""
        deed = self.last_deeds().get((at, who))
        if deed is None:
            return
        model = self.models[at]
        errors: set[type[AppError]] = set()
        if self.is_past(at, deed):
            errors = {UndoneNoMore}
        elif deed.kind == MOVED and any(
            model.cards[one].blocked and is_to_the_right(model, now.place, was.place)
            for one, (was, now) in deed.cards.items()
        ):
            errors = {CardBlocked}

        def change(models: list[PlainBoard]) -> None:
            self.take_back(models, at, deed)

        before = deepcopy(model)
        args = (self.names[at],)
        refused = self.do(who, undo_last_action, *args, change=change, errors=errors)
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
            if deed.kind in {MOVED, REORDERED} and now.place != became.place:
                return True
            if ASPECT[deed.kind] == "block" and now.blocked != became.blocked:
                return True
            if deed.kind == ASSIGNED:
                changes = changes or now.people != was.people
            elif deed.kind == REORDERED:
                changes = changes or not self.stands_there(at, one, deed.ranks[one])
            else:
                changes = True
        return not changes

    def stands_there(self, at: int, one: int, rank: int) -> bool:
        """Whether a card stands where it had that rank, or right behind who has it now."""
        ranks = self.ranks(self.seen[at])
        line = self.models[at].order[self.models[at].cards[one].place]
        index = line.index(one)
        return ranks[one] == rank or (index > 0 and ranks[line[index - 1]] == rank)

    def take_back(self, models: list[PlainBoard], at: int, deed: Deed) -> None:
        """What an undo does to the model."""
        model, ranks = models[at], self.ranks(self.seen[at])
        last_first = list(reversed(deed.cards))
        for one in last_first:
            was, _ = deed.cards[one]
            if ASPECT[deed.kind] == "place":
                model.remove(one)
                put_back(model, ranks, one, was.place, deed.ranks[one])
            elif deed.kind == ASSIGNED:
                model.cards[one].people = was.people
        if ASPECT[deed.kind] == "block":
            self.set_blocked(at, last_first, deed.kind == UNBLOCKED)(models)
        elif ASPECT[deed.kind] == "archive":
            self.set_archived(at, last_first, deed.kind == RESTORED)(models)

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
            check_history(seen)


def test_two_boards_do_what_the_rules_say_whatever_people_do(sqlite_url: str) -> None:
    run_stories(TwoBoards, sqlite_url, ("Ada", "Grace"), examples=30, steps=35)
