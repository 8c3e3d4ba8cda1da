"""Many clients, two processes, one cord: from its pull to its release nothing is started."""

from collections import Counter
from typing import Any

from tests.race.arena import CLIENTS, Arena, Request


def cord(arena: Arena, path: str = "", **body: str) -> Request:
    """To pull the cord, or to do something about it."""
    return Request("POST", f"/boards/{arena.board.key}/andon{path}", body or {})


def started_while_pulled(events: list[Any], started: set[int]) -> list[Any]:
    """The events by which work was started between a pull and its release."""
    pulled, found = False, []
    for event in events:
        if event["type"] == "andon.pulled":
            pulled = True
        elif event["type"] == "andon.resolved":
            pulled = False
        elif pulled and event["type"] in {"card.created", "card.moved"}:
            data = event["data"]
            source = data["from"]["column_id"] if "from" in data else 0
            target = data["to"]["column_id"] if "to" in data else data["column_id"]
            if target in started and source not in started:
                found.append(event)
    return found


def test_of_many_pulls_at_once_one_is_the_pull(arena: Arena) -> None:
    pulls = [[cord(arena, reason=f"Reason {number}")] for number in range(CLIENTS)]
    answers = [answer for story in arena.at_once(pulls) for answer in story]
    assert Counter(answer.status for answer in answers) == {200: 1, 409: CLIENTS - 1}
    (event,) = [each for each in arena.board.events() if each["type"] == "andon.pulled"]
    assert arena.board.read()["andon"]["reason"] == event["data"]["reason"]


def test_whatever_comes_at_the_same_time_nothing_is_started_behind_a_pull(arena: Arena) -> None:
    columns = arena.shape()["started"] | {arena.board.column("Live")}
    waiting = [arena.board.add(column="Ready") for _ in range(CLIENTS)]
    stories: list[list[Request]] = []
    for index, card in enumerate(waiting):
        back = {"column_id": arena.board.column("Ready")}
        there_and_back = [
            arena.move(card, ("Doing", "Test", "Live")[index % 3]),
            Request("POST", f"/cards/{card['id']}/move", back),
        ]
        stories.append(there_and_back * 3 + [arena.create("Doing")])
    for index in range(2):
        pull_and_release = [cord(arena, reason=f"Reason {index}"), cord(arena, "/resolve")]
        stories.append(pull_and_release * 3)
    answers = [answer for story in arena.at_once(stories) for answer in story]
    assert {answer.status for answer in answers} <= {200, 201, 409}
    events = arena.board.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert started_while_pulled(events, columns) == []
    told = Counter(event["type"] for event in events)
    assert told["andon.pulled"] - told["andon.resolved"] in {0, 1}
    assert (arena.board.read()["andon"] is not None) == (
        told["andon.pulled"] > told["andon.resolved"]
    )
