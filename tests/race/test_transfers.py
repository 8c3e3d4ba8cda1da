"""Cards that go from board to board while others work on both: no limit gives way, nobody waits for
ever."""

from collections import Counter
from typing import Any

import pytest

from tests.race.arena import CLIENTS, Answer, Arena, Request, deadlocks
from tests.race.test_limits_hold import LIMIT, SCOPES, fields, fill, places, set_limit
from tests.support import BoardOf

LANES = {"lane": "Ideas"}


@pytest.fixture
def others(arena: Arena) -> list[BoardOf]:
    """Two more boards like the one that is watched: the ids of one come before its own."""
    watched = arena.board
    first = arena.another_board(f"{watched.key}A")
    # What is watched is in the middle, so that its lock is now the first and now the second.
    arena.board = arena.another_board(f"{watched.key}B")
    return [first, arena.another_board(f"{watched.key}C")]


def waiting(arena: Arena, boards: list[BoardOf], scope: str = "column") -> list[Any]:
    """A card for each client, on each of the boards in turn."""
    people = fields(arena, scope) if scope == "person" else {}
    return [boards[i % len(boards)].add(column="Ready", **people) for i in range(CLIENTS)]


def in_one_line(stories: list[list[Answer]]) -> list[Answer]:
    """All answers."""
    return [answer for story in stories for answer in story]


@pytest.mark.parametrize("scope", SCOPES)
def test_of_many_cards_of_other_boards_one_gets_the_last_place(
    arena: Arena, others: list[BoardOf], scope: str
) -> None:
    cards = waiting(arena, others, scope)
    fill(arena, scope, LIMIT - 1)
    set_limit(arena, scope, LIMIT)
    where, lane = places(scope), LANES.get(scope)
    requests = [
        arena.transfer(card, arena.board, where[i % len(where)], lane)
        for i, card in enumerate(cards)
    ]
    before = arena.board.read()["seq"]
    answers = in_one_line(arena.at_once([[request] for request in requests]))
    assert Counter(answer.status for answer in answers) == {200: 1, 409: CLIENTS - 1}
    refused = next(answer.body for answer in answers if answer.status == 409)
    assert (refused["scope"], refused["limit"], refused["count"]) == (scope, LIMIT, LIMIT)
    arena.check_history(answers, before, ["card.arrived"])
    left = [event["type"] for board in others for event in board.events()]
    assert left.count("card.left") == 1
    assert "move.refused" not in left


def test_a_move_and_a_card_of_another_board_do_not_both_get_the_last_place(
    arena: Arena, others: list[BoardOf]
) -> None:
    away = waiting(arena, others)[: CLIENTS // 2]
    here = [arena.board.add(column="Ready") for _ in range(CLIENTS // 2)]
    fill(arena, "column", LIMIT - 1)
    set_limit(arena, "column", LIMIT)
    requests = [arena.transfer(card, arena.board, "Doing") for card in away]
    requests += [arena.move(card, "Doing") for card in here]
    before = arena.board.read()["seq"]
    answers = in_one_line(arena.at_once([[request] for request in requests]))
    assert sum(answer.status == 200 for answer in answers) == 1
    arena.check_history(answers, before, ["card.arrived", "card.moved"])


def test_those_who_cross_each_other_never_wait_in_a_circle(
    arena: Arena, others: list[BoardOf]
) -> None:
    """Some carry cards from board to board and back, in every direction; others move what stays,
    so that there is always somebody who waits for one board alone."""
    boards = [*others, arena.board]
    stories: list[list[Request]] = []
    for i in range(CLIENTS):
        home, away = boards[i % 3], boards[(i + 1 + i // 3 % 2) % 3]
        if i % 2:
            card = home.add(column="Ready")
            stories.append([arena.transfer(card, to, "Ready") for to in (away, home) * 4])
        else:
            arena.board = home
            card = home.add(column="Ready")
            stories.append([arena.move(card, to) for to in ("Doing", "Ready") * 4])
    arena.board = boards[-1]
    before = deadlocks(arena)
    answers = in_one_line(arena.at_once(stories))
    assert Counter(answer.status for answer in answers) == {200: CLIENTS * 8}
    assert deadlocks(arena) == before
    for board in boards:
        arena.board = board
        arena.replay(board.events(), 0)


def test_who_works_with_a_card_that_goes_away_hears_that(
    arena: Arena, others: list[BoardOf]
) -> None:
    """Each moves the card on its board, or carries it to another one."""
    home = arena.board
    card = home.add(column="Ready")
    requests = [arena.move(card, "Doing"), arena.move(card, "Test")]
    requests += [arena.transfer(card, board, "Ready") for board in others]
    stories = [[request] for request in requests * (CLIENTS // 4)]
    answers = in_one_line(arena.at_once(stories))
    # Who comes too late names a column that is none of the card's board any more.
    known = {"/problems/changed-since", "/problems/validation-error"}
    problems = {answer.body["type"] for answer in answers if answer.status != 200}
    assert problems <= known
    for board in [home, *others]:
        arena.board = board
        arena.replay(board.events(), 0)
    assert sum(len(board.cards()) for board in [home, *others]) == 1
