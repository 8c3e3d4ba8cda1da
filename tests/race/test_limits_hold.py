"""Many clients, two processes, one free place: exactly one gets it, on every path."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.race.arena import CLIENTS, Answer, Arena, Request
from tests.support import Person

LIMIT = 3


def set_limit(arena: Arena, scope: str, value: int | None) -> None:
    """Sets one limit of the board."""
    board = arena.board
    path, body = {
        "column": (f"/columns/{board.column('Doing')}", {"wip_limit": value}),
        "group": (f"/groups/{board.group('Development')}", {"wip_limit": value}),
        "lane": (f"/lanes/{board.lane('Ideas')}", {"wip_limit": value}),
        "board": (f"/boards/{board.key}", {"wip_limit": value}),
        "person": (f"/boards/{board.key}", {"person_wip_limit": value}),
    }[scope]
    arena.ada.patch(path, body)


def fields(arena: Arena, scope: str) -> dict[str, Any]:
    """What a card is given so that it counts against the limit once it is in its place."""
    if scope == "lane":
        return {"lane_id": arena.board.lane("Ideas")}
    return {"assignee_ids": [arena.grace.id]} if scope == "person" else {}


def places(scope: str) -> list[str]:
    """The columns through which a limit can be filled."""
    return {"column": ["Doing"], "group": ["Doing", "Done"], "person": ["Doing", "Test"]}.get(
        scope, ["Doing", "Done", "Test"]
    )


def fill(arena: Arena, scope: str, count: int) -> None:
    """Puts cards under a limit, over all of its columns."""
    for index in range(count):
        where = places(scope)
        arena.board.add(column=where[index % len(where)], **fields(arena, scope))


def race(arena: Arena, requests: Sequence[Request], makes: str, free: int = 1) -> list[Answer]:
    """Sends all requests at once; as many are accepted as there are free places."""
    before = arena.board.read()["seq"]
    answers = [answer for story in arena.at_once([[r] for r in requests]) for answer in story]
    statuses = [answer.status for answer in answers]
    assert sum(status in {200, 201} for status in statuses) == free, statuses
    arena.check_history(answers, before, [makes])
    return answers


SCOPES = ["column", "group", "lane", "board", "person"]


@pytest.mark.parametrize("scope", SCOPES)
def test_of_many_moves_at_once_one_gets_the_last_place(arena: Arena, scope: str) -> None:
    waiting = [arena.board.add(column="Ready", **fields(arena, scope)) for _ in range(CLIENTS)]
    fill(arena, scope, LIMIT - 1)
    set_limit(arena, scope, LIMIT)
    where = places(scope)
    moves = [arena.move(card, where[i % len(where)]) for i, card in enumerate(waiting)]
    answers = race(arena, moves, "card.moved")
    refused = next(answer.body for answer in answers if answer.status == 409)
    assert (refused["scope"], refused["limit"], refused["count"]) == (scope, LIMIT, LIMIT)


@pytest.mark.parametrize("scope", SCOPES)
def test_of_many_cards_created_at_once_one_gets_the_last_place(arena: Arena, scope: str) -> None:
    fill(arena, scope, LIMIT - 1)
    set_limit(arena, scope, LIMIT)
    where = places(scope)
    more = fields(arena, scope)
    race(
        arena,
        [arena.create(where[i % len(where)], **more) for i in range(CLIENTS)],
        "card.created",
    )


@pytest.mark.parametrize("scope", SCOPES)
def test_of_many_cards_restored_at_once_one_gets_the_last_place(arena: Arena, scope: str) -> None:
    where = places(scope)
    away = [
        arena.board.add(column=where[i % len(where)], **fields(arena, scope))
        for i in range(CLIENTS)
    ]
    for card in away:
        arena.ada.post(f"/cards/{card['id']}/archive")
    fill(arena, scope, LIMIT - 1)
    set_limit(arena, scope, LIMIT)
    race(arena, [arena.restore(card) for card in away], "card.restored")


def test_of_many_changes_of_lane_at_once_one_gets_the_last_place(arena: Arena) -> None:
    board = arena.board
    elsewhere = [board.add(column=places("lane")[i % 3]) for i in range(CLIENTS)]
    fill(arena, "lane", LIMIT - 1)
    set_limit(arena, "lane", LIMIT)
    names = {column["id"]: column["name"] for column in board.read()["columns"]}
    race(
        arena,
        [arena.move(card, names[card["column_id"]], "Ideas") for card in elsewhere],
        "card.moved",
    )


def test_of_many_assignments_at_once_one_is_the_last(arena: Arena) -> None:
    others = [arena.board.add(column=places("person")[i % 2]) for i in range(CLIENTS)]
    fill(arena, "person", LIMIT - 1)
    set_limit(arena, "person", LIMIT)
    race(arena, [arena.assign(card, arena.grace) for card in others], "card.assigned")


@pytest.mark.parametrize("scope", SCOPES)
def test_of_many_moves_of_many_at_once_one_fits(arena: Arena, scope: str) -> None:
    pairs = [
        [arena.board.add(column="Ready", **fields(arena, scope)) for _ in range(2)]
        for _ in range(CLIENTS)
    ]
    fill(arena, scope, 1)
    set_limit(arena, scope, LIMIT + 1)
    where = places(scope)
    requests = [arena.move_many(pair, where[i % len(where)]) for i, pair in enumerate(pairs)]
    before = arena.board.read()["seq"]
    answers = [a for story in arena.at_once([[r] for r in requests]) for a in story]
    assert sum(answer.status == 200 for answer in answers) == 1
    assert {a.body["free"] for a in answers if a.status == 409} == {1}
    events = arena.board.events()
    told = [event["type"] for event in events if event["seq"] > before]
    assert sorted(told) == ["card.moved"] * 2 + ["move.refused"] * (CLIENTS - 1)
    arena.replay(events, before)


def test_of_many_undos_at_once_one_gets_the_last_place(arena: Arena) -> None:
    for _ in range(CLIENTS):
        arena.board.move(arena.board.add(column="Doing"), "Ready")
    fill(arena, "group", LIMIT - 1)
    set_limit(arena, "group", LIMIT)
    race(arena, [arena.undo() for _ in range(CLIENTS)], "card.moved")


def test_all_verbs_at_once_get_the_last_places_and_not_one_more(arena: Arena) -> None:
    """Creating, moving, restoring and changing the lane compete for two places of a group."""
    board = arena.board
    away = [board.add(column="Done") for _ in range(4)]
    for card in away:
        arena.ada.post(f"/cards/{card['id']}/archive")
    ready = [board.add(column="Ready") for _ in range(6)]
    fill(arena, "group", LIMIT - 2)
    set_limit(arena, "group", LIMIT)
    requests = [arena.restore(card) for card in away]
    requests += [arena.move(card, "Doing") for card in ready]
    requests += [arena.create("Done") for _ in range(6)]
    before = board.read()["seq"]
    answers = [a for story in arena.at_once([[r] for r in requests]) for a in story]
    assert sum(answer.status in {200, 201} for answer in answers) == 2
    arena.check_history(answers, before, ["card.moved", "card.created", "card.restored"])


def test_in_a_long_hammer_no_limit_is_ever_exceeded(arena: Arena) -> None:
    """Clients move cards about, create, archive, restore and assign, under every kind of limit."""
    board = arena.board
    for scope, value in (("column", 3), ("group", 4), ("lane", 3), ("board", 6), ("person", 2)):
        set_limit(arena, scope, value)
    lanes = ["Standard", "Ideas"]
    cards = [
        board.add(column="Ready", lane_id=board.lane(lanes[i % 2]), assignee_ids=[who.id])
        for i, who in enumerate([arena.ada, arena.grace] * 8)
    ]
    chance = random.Random(5)
    columns = ["Backlog", "Ready", "Doing", "Done", "Test", "Live"]
    wishes = [*columns, *["Doing"] * 4]
    places_of: dict[tuple[str, str], Request] = {
        (c, row): arena.move(cards[0], c, row) for c in columns for row in lanes
    }
    people: list[Person] = [arena.ada, arena.grace]
    choices: list[Callable[[Any], Request]] = [
        # Most often to where there is hardly ever room, so that some are refused in any order.
        lambda card: places_of[chance.choice(wishes), chance.choice(lanes)]._replace(
            path=f"/cards/{card['id']}/move"
        ),
        lambda card: arena.assign(card, *chance.sample(people, chance.randint(0, 2))),
        arena.archive,
        arena.restore,
    ]
    stories = [
        [chance.choices(choices, weights=(8, 2, 1, 2))[0](chance.choice(cards)) for _ in range(20)]
        for _ in range(CLIENTS // 2)
    ]
    before = board.read()["seq"]
    answers = [answer for story in arena.at_once(stories) for answer in story]
    # Other refusals (it is archived already, ...) leave no event; nothing fails otherwise.
    known = {"/problems/wip-limit-reached", "/problems/card-archived", "/problems/not-archived"}
    refused = [answer.body["type"] for answer in answers if answer.status == 409]
    assert {answer.status for answer in answers} <= {200, 409}
    assert set(refused) <= known
    events = board.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    told = [event["type"] for event in events if event["seq"] > before]
    assert told.count("move.refused") == refused.count("/problems/wip-limit-reached") > 0
    arena.replay(events, before)
