"""Whatever people do on a board, it ends where a plain model of the rules ends.

Hypothesis makes up long stories of verbs; after each one the counts, the order of the cards, their
clocks, the history and the refusals are compared with the model and with the history itself.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import orjson
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)

from app.andon import service as andon
from app.auth.actor import Actor
from app.boards import service as boards
from app.cards import service as cards
from app.cards.clocks import read_clocks
from app.cards.service import CardFields
from app.cards.spots import Spot
from app.db import Tx
from app.errors import (
    AlreadyBlocked,
    AndonPulled,
    AppError,
    CardArchived,
    CardBlocked,
    ColumnNotEmpty,
    CordNotPulled,
    CordPulledAlready,
    Invalid,
    NotArchived,
    NotBlocked,
    WipLimitReached,
)
from app.shaping import service as shaping
from tests.cards.plain import (
    Place,
    PlainBoard,
    PlainCard,
    Snapshot,
    look,
    newly_exceeded,
    past_of,
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

KINDS = ("queue", "active", "queue", "active", "done")


class BoardMachine(Stories):
    """People who do things on a board, and a model that does the same."""

    def __init__(self) -> None:
        super().__init__()
        self.key = f"B{next(self.keys)}"

    @initialize(limits=st.lists(a_limit, min_size=4, max_size=4), group=a_limit, expedite=a_limit)
    def make_a_board(
        self, limits: list[int | None], group: int | None, expedite: int | None
    ) -> None:
        """A backlog, a group of an active column and a queue, an active column, done; two lanes."""

        def make(tx: Tx) -> tuple[int, PlainBoard]:
            return make_board(
                tx, self.people, self.key, KINDS, limits, group=group, expedite=expedite
            )

        self.id, self.model = self.db.write_now(make)
        self.seen = self.look()

    @property
    def boss(self) -> Actor:
        """The manager of the board."""
        return self.people[0]

    def look(self) -> Snapshot:
        """The board as it is kept."""
        return self.db.read_now(look, self.id)

    # What a verb should do is told by a change of the model; what it did is compared.

    def do(
        self,
        verb: Callable[..., Any],
        *args: Any,
        change: Callable[[PlainBoard], None],
        error: type[AppError] | None = None,
        events: list[str] | None = None,
    ) -> Any:
        """Carries out a verb, unless the model knows a limit that refuses it."""
        wanted = deepcopy(self.model)
        if error is None:
            change(wanted)
        broken = None if error else newly_exceeded(self.model, wanted, self.id)
        result, refused = None, None
        try:
            result = self.db.write_now(verb, self.boss, *args)
        except AppError as raised:
            refused = raised
        told = events or []
        if isinstance(refused, WipLimitReached):
            say = refused.extensions
            found = (say["scope"], say["place"]["id"], say["limit"], say["count"])
            assert found == broken, f"refused by {found}, and not by {broken}"
            self.check_who_fills(say)
            told = ["move.refused"]
        elif refused is not None:
            assert type(refused) is error, f"refused: {refused.detail}"
            told = ["move.refused"] if error in {AndonPulled, CardBlocked} else []
        else:
            assert error is None, f"done, and not refused as {error}"
            assert broken is None, f"done, although it breaks {broken}"
            self.model = wanted
        before, self.seen = self.seen, self.look()
        new = self.seen.events[len(before.events) :]
        assert [event.type for event in new] == told
        if refused is not None:
            # A refusal leaves its trace and changes nothing else.
            assert self.seen.cards == before.cards
            assert self.seen.cells == before.cells
            assert self.seen.board.shape == before.board.shape
        return result

    def check_who_fills(self, say: dict[str, Any]) -> None:
        """The cards that a refusal names are those that fill the place."""
        alone = {
            one
            for one, card in self.model.cards.items()
            if not card.archived
            and replace(self.model, cards={one: card}).held(say["scope"], say["place"]["id"])
        }
        assert {card["id"] for card in say["cards"]} == alone
        assert len(say["cards"]) == min(20, say["count"])

    def pick(self, number: int) -> tuple[int, PlainCard]:
        """One of the cards."""
        card_id = sorted(self.model.cards)[number % len(self.model.cards)]
        return card_id, self.model.cards[card_id]

    def has_cards(self) -> bool:
        """Whether there is a card to do something with."""
        return bool(self.model.cards)

    # --- Cards

    @precondition(lambda self: len(self.model.cards) < 12)
    @rule(
        column=an_index,
        lane=an_index,
        who=st.sets(st.integers(0, 2), max_size=2),
        incident=st.booleans(),
    )
    def create(self, column: int, lane: int, who: set[int], incident: bool) -> None:
        """Somebody creates a card."""
        place = cell_of(self.model, column, lane)
        people = frozenset(self.people[index].id for index in who)
        fields = CardFields(
            "A card",
            column_id=place[0],
            lane_id=place[1],
            assignee_ids=sorted(people),
            work_type="incident" if incident else "feature",
        )
        stopped = self.model.pulled and not incident and self.model.starts(None, place[0])

        def change(model: PlainBoard) -> None:
            model.cards[-1] = PlainCard(place, people, incident=incident)
            model.put(-1, place)

        card = self.do(
            cards.create_card,
            self.key,
            fields,
            change=change,
            error=AndonPulled if stopped else None,
            events=["card.created"],
        )
        if card is not None:
            model = self.model
            model.cards[card.id] = model.cards.pop(-1)
            model.order[place][-1] = card.id

    @precondition(has_cards)
    @rule(
        card=an_index,
        column=an_index,
        lane=an_index,
        spot=a_spot,
        where=an_index,
    )
    def move(self, card: int, column: int, lane: int, spot: str, where: int) -> None:
        """Somebody moves a card anywhere on the board."""
        self.move_to(card, cell_of(self.model, column, lane), spot, where)

    @precondition(has_cards)
    @rule(card=an_index, spot=a_spot, where=an_index)
    def reorder(self, card: int, spot: str, where: int) -> None:
        """Somebody moves a card within its cell."""
        self.move_to(card, self.pick(card)[1].place, spot, where)

    def move_to(self, number: int, to: Place, spot: str, where: int) -> None:
        card_id, card = self.pick(number)
        if card.place[0] not in self.model.columns:
            return  # It was archived before its column was deleted.
        others = [one for one in self.model.order.get(to, []) if one != card_id]
        wanted, index = spot_among(others, spot, where)

        def change(model: PlainBoard) -> None:
            model.remove(card_id)
            model.put(card_id, to, index)
            if model.order != self.model.order:
                model.cards[card_id].version += 1

        rightwards = is_to_the_right(self.model, card.place, to)
        error: type[AppError] | None = None
        if card.archived:
            error = CardArchived
        elif card.blocked and rightwards:
            error = CardBlocked
        elif self.model.pulled and not card.incident and self.model.starts(card.place[0], to[0]):
            error = AndonPulled
        events = ["card.moved"]
        if to == card.place:
            line = self.model.order.get(to, [])
            stays = card_id in line and [*others[:index], card_id, *others[index:]] == line
            events = [] if stays else ["card.reordered"]
        self.do(cards.move_card, card_id, *to, wanted, change=change, error=error, events=events)

    @precondition(has_cards)
    @rule(card=an_index)
    def move_next_to_a_card_that_is_elsewhere(self, card: int) -> None:
        """A neighbour has to stand in the column and lane that are named."""
        card_id, plain = self.pick(card)
        elsewhere = next(
            (one for one, c in self.model.cards.items() if c.archived or c.place != plain.place),
            None,
        )
        if elsewhere is None or plain.archived:
            return
        self.do(
            cards.move_card,
            card_id,
            *plain.place,
            Spot(before_card_id=elsewhere),
            change=lambda model: None,
            error=Invalid,
        )

    @precondition(has_cards)
    @rule(card=an_index)
    def block(self, card: int) -> None:
        """Somebody flags a card."""
        card_id, plain = self.pick(card)

        def change(model: PlainBoard) -> None:
            model.cards[card_id].blocked = True
            model.cards[card_id].version += 1

        error: type[AppError] | None = AlreadyBlocked if plain.blocked else None
        error = CardArchived if plain.archived else error
        self.do(
            cards.block_card, card_id, "Why", change=change, error=error, events=["card.blocked"]
        )

    @precondition(has_cards)
    @rule(card=an_index)
    def unblock(self, card: int) -> None:
        """Somebody takes the flag away."""
        card_id, plain = self.pick(card)

        def change(model: PlainBoard) -> None:
            model.cards[card_id].blocked = False
            model.cards[card_id].version += 1

        error = None if plain.blocked else NotBlocked
        self.do(cards.unblock_card, card_id, change=change, error=error, events=["card.unblocked"])

    @precondition(has_cards)
    @rule(card=an_index, who=st.sets(st.integers(0, 2), max_size=3))
    def assign(self, card: int, who: set[int]) -> None:
        """Somebody says whose card it is."""
        card_id, plain = self.pick(card)
        people = frozenset(self.people[index].id for index in who)

        def change(model: PlainBoard) -> None:
            model.cards[card_id].people = people
            model.cards[card_id].version += people != plain.people

        events = [] if people == plain.people else ["card.assigned"]
        changes = {"assignee_ids": sorted(people)}
        self.do(cards.edit_card, card_id, changes, change=change, events=events)

    @precondition(has_cards)
    @rule(card=an_index)
    def archive(self, card: int) -> None:
        """Somebody takes a card off the board."""
        card_id, plain = self.pick(card)

        def change(model: PlainBoard) -> None:
            model.remove(card_id)
            model.cards[card_id].archived = True
            model.cards[card_id].version += 1

        error = CardArchived if plain.archived else None
        self.do(cards.archive_card, card_id, change=change, error=error, events=["card.archived"])

    @precondition(has_cards)
    @rule(card=an_index)
    def restore(self, card: int) -> None:
        """Somebody puts a card back, among the others where it stood."""
        card_id, plain = self.pick(card)
        place = plain.place
        gone = place[0] not in self.model.columns or place[1] not in self.model.lanes
        if gone:
            column_id = (
                place[0] if place[0] in self.model.columns else next(iter(self.model.columns))
            )
            ordinary = [one for one, row in self.model.lanes.items() if not row.expedite]
            default = (ordinary or list(self.model.lanes))[-1]
            place = column_id, place[1] if place[1] in self.model.lanes else default

        def change(model: PlainBoard) -> None:
            model.cards[card_id].archived = False
            model.cards[card_id].version += 1 + gone
            model.put(card_id, place)

        error = None if plain.archived else NotArchived
        events = ["card.moved", "card.restored"] if gone else ["card.restored"]
        if self.do(cards.restore_card, card_id, change=change, error=error, events=events):
            line = self.seen.order[place]
            assert [one for one in line if one != card_id] == self.model.order[place][:-1]
            self.model.order[place] = list(line)

    @precondition(has_cards)
    @rule(card=an_index)
    def discard(self, card: int) -> None:
        """Somebody throws a card away."""
        card_id, plain = self.pick(card)

        def change(model: PlainBoard) -> None:
            if not plain.archived:
                model.remove(card_id)
            del model.cards[card_id]

        self.do(cards.discard_card, card_id, change=change, events=["card.discarded"])

    # --- Limits and shape

    @rule(column=an_index, limit=a_limit)
    def limit_a_column(self, column: int, limit: int | None) -> None:
        """The manager sets a column's limit, below the present count if wanted."""
        column_id, _ = cell_of(self.model, column, 0)

        def change(model: PlainBoard) -> None:
            model.columns[column_id].limit = limit

        events = ["limit.changed"] if self.model.columns[column_id].limit != limit else []
        self.do(
            shaping.change_column, column_id, {"wip_limit": limit}, change=change, events=events
        )

    @rule(limit=a_limit)
    def limit_the_group(self, limit: int | None) -> None:
        """The manager sets the group's limit."""

        def change(model: PlainBoard) -> None:
            model.group_limit = limit

        events = ["limit.changed"] if self.model.group_limit != limit else []
        changes = {"wip_limit": limit}
        self.do(shaping.change_group, self.model.group, changes, change=change, events=events)

    @rule(lane=an_index, limit=a_limit)
    def limit_a_lane(self, lane: int, limit: int | None) -> None:
        """The manager sets a lane's limit."""
        _, lane_id = cell_of(self.model, 0, lane)

        def change(model: PlainBoard) -> None:
            model.lanes[lane_id].limit = limit

        events = ["limit.changed"] if self.model.lanes[lane_id].limit != limit else []
        self.do(shaping.change_lane, lane_id, {"wip_limit": limit}, change=change, events=events)

    @rule(limit=a_limit, person=a_limit)
    def limit_the_board(self, limit: int | None, person: int | None) -> None:
        """The manager sets the board's limit and that of its people."""
        told = [self.model.limit != limit, self.model.person_limit != person]

        def change(model: PlainBoard) -> None:
            model.limit, model.person_limit = limit, person

        changes = {"wip_limit": limit, "person_wip_limit": person}
        events = ["limit.changed"] * sum(told)
        self.do(boards.change_board, self.key, changes, change=change, events=events)

    @rule(lane=an_index)
    def change_what_a_lane_is(self, lane: int) -> None:
        """The manager makes an ordinary lane an expedite lane, or the other way round."""
        _, lane_id = cell_of(self.model, 0, lane)
        expedite = not self.model.lanes[lane_id].expedite

        def change(model: PlainBoard) -> None:
            model.lanes[lane_id].expedite = expedite

        changes = {"expedite": expedite}
        self.do(shaping.change_lane, lane_id, changes, change=change, events=["lane.changed"])

    @rule(column=an_index, kind=st.sampled_from(["queue", "active", "done"]))
    def change_what_a_column_is(self, column: int, kind: str) -> None:
        """The manager gives a column, and with it the cards' past, another meaning."""
        column_id, _ = cell_of(self.model, column, 0)

        def change(model: PlainBoard) -> None:
            model.columns[column_id].kind = kind

        events = ["column.changed"] if self.model.columns[column_id].kind != kind else []
        self.do(shaping.change_column, column_id, {"kind": kind}, change=change, events=events)

    @rule(column=an_index)
    def order_the_columns(self, column: int) -> None:
        """The manager puts the first or the last column to the other end."""
        ids = list(self.model.columns)
        wanted = [*ids[1:], ids[0]] if column % 2 else [ids[-1], *ids[:-1]]
        grouped = [i for i, one in enumerate(wanted) if self.model.columns[one].grouped]
        apart = bool(grouped) and grouped[-1] - grouped[0] != len(grouped) - 1

        def change(model: PlainBoard) -> None:
            model.columns = {one: model.columns[one] for one in wanted}

        self.do(
            shaping.order_columns,
            self.key,
            wanted,
            change=change,
            error=Invalid if apart else None,
            events=["column.changed"] if wanted != ids else [],
        )

    # --- The andon cord

    @rule(release=st.booleans())
    def pull_or_release_the_cord(self, release: bool) -> None:
        """Somebody pulls the cord, or releases it; only one of the two can be."""
        error: type[AppError] | None = None
        if release:
            error = None if self.model.pulled else CordNotPulled
        elif self.model.pulled:
            error = CordPulledAlready

        def change(model: PlainBoard) -> None:
            model.pulled = not release

        verb, more = (andon.release_cord, ()) if release else (andon.pull_cord, ("Pods",))
        events = ["andon.resolved" if release else "andon.pulled"]
        self.do(verb, self.key, *more, change=change, error=error, events=events)

    @precondition(lambda self: len(self.model.columns) > 3)
    @rule(column=an_index, into=an_index, named=st.booleans())
    def delete_a_column(self, column: int, into: int, named: bool) -> None:
        """The manager deletes a column; its cards go to another one, all or none."""
        ids = list(self.model.columns)
        old = ids[column % len(ids)]
        rest = [one for one in ids if one != old]
        new = rest[into % len(rest)]
        model = self.model
        lines = {p: list(line) for p, line in model.order.items() if p[0] == old and line}
        error: type[AppError] | None = None
        if not named and lines:
            error = ColumnNotEmpty
        elif named and ids.index(new) > ids.index(old):
            blocked = any(model.cards[one].blocked for line in lines.values() for one in line)
            error = CardBlocked if blocked else None
            starts = any(not model.cards[one].incident for line in lines.values() for one in line)
            if error is None and starts and model.pulled and model.starts(old, new):
                error = AndonPulled
        moved = [one for one, card in model.cards.items() if card.place[0] == old] if named else []

        def move_them(model: PlainBoard) -> None:
            for (_, lane_id), line in lines.items():
                for one in line:
                    model.remove(one)
                    model.put(one, (new, lane_id))
            for one in moved:
                if model.cards[one].archived:
                    model.cards[one].place = (new, model.cards[one].place[1])
                model.cards[one].version += 1

        def change(model: PlainBoard) -> None:
            move_them(model)
            del model.columns[old]

        events = [*["card.moved"] * len(moved), "column.deleted"]
        self.do(
            shaping.delete_column,
            old,
            new if named else None,
            change=change,
            error=error,
            events=events,
        )

    # --- What is true after each step

    @invariant()
    def the_board_is_where_the_model_is(self) -> None:
        """Counts, places, order, versions and blocks."""
        if not hasattr(self, "seen"):
            return
        model, seen = self.model, self.seen
        assert {p: line for p, line in model.order.items() if line} == seen.order
        assert set(seen.cells) == {(c, row) for c in model.columns for row in model.lanes}
        for place, held in seen.cells.items():
            assert held == len(model.order.get(place, []))
        kept = {
            one: (row["column_id"], row["lane_id"], row["block_id"] is not None, row["version"])
            for one, row in seen.cards.items()
        }
        assert kept == {
            one: (*card.place, card.blocked, card.version) for one, card in model.cards.items()
        }
        for one, card in model.cards.items():
            assert (seen.cards[one]["archived_at"] is not None) == card.archived
            assert set(orjson.loads(seen.cards[one]["assignee_ids"])) == card.people

    @invariant()
    def the_history_has_no_gap_and_tells_the_clocks(self) -> None:
        """Every derived value is what the history says."""
        if not hasattr(self, "seen"):
            return
        seen = self.seen
        check_history(seen)
        for one, row in seen.cards.items():
            stays, blocks = past_of(seen.events, one)
            told = read_clocks(seen.board.shape, stays, blocks)
            assert {name: row[name] for name in told._fields} == told._asdict()
            assert row["created_at"] == stays[0].entered_at
            assert row["entered_at"] == stays[-1].entered_at
            assert row["was_blocked"] == bool(blocks)


def test_a_board_does_what_the_rules_say_whatever_people_do(sqlite_url: str) -> None:
    run_stories(BoardMachine, sqlite_url, ("Ada", "Grace", "Linus"), examples=30, steps=40)
