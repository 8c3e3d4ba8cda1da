"""A board that many clients change at once, somebody who watches it, and what its history says."""

import http.client
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import func, select, text

from app.db import SQLITE, Tx
from app.models import Board, Card, CardAssignee
from tests.servers import Servers
from tests.support import API, BoardOf, Person

CLIENTS = 16


class Request(NamedTuple):
    """A request that is about to be sent."""

    method: str
    path: str
    body: Any


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: Any


class Limit(NamedTuple):
    """A limit of the board, in the words of its JSON."""

    scope: str
    id: int
    value: int


class Arena:
    """Two servers, a board, and the people on it."""

    def __init__(self, servers: Servers) -> None:
        self.addresses = servers.addresses
        self.weir = servers.weir
        self.ada: Person = self.weir.person("Ada Lovelace")
        self.grace: Person = self.weir.person("Grace Hopper")
        self.board: BoardOf

    def new_board(self, key: str) -> None:
        """Makes a board without limits: Backlog, Ready, Doing and Done of a group, Test, Live."""
        self.board = self.another_board(key)

    def another_board(self, key: str) -> BoardOf:
        """Makes a board like that one, which the observers do not look at."""
        board = self.ada.board(key, "empty")
        board.join(self.grace)
        kinds = {"Backlog": "queue", "Ready": "queue", "Doing": "active", "Done": "queue"}
        for name, kind in {**kinds, "Test": "active", "Live": "done"}.items():
            self.ada.post(f"/boards/{key}/columns", {"name": name, "kind": kind})
        columns = [board.column("Doing"), board.column("Done")]
        self.ada.post(f"/boards/{key}/groups", {"name": "Development", "column_ids": columns})
        self.ada.post(f"/boards/{key}/lanes", {"name": "Ideas", "position": 0})
        return board

    # --- Requests

    def move(self, card: Any, column: str, lane: str | None = None) -> Request:
        """To move a card."""
        body = {"column_id": self.board.column(column)}
        if lane is not None:
            body["lane_id"] = self.board.lane(lane)
        return Request("POST", f"/cards/{card['id']}/move", body)

    def create(self, column: str, **fields: Any) -> Request:
        """To create a card."""
        body = {"title": "A card", "column_id": self.board.column(column), **fields}
        return Request("POST", f"/boards/{self.board.key}/cards", body)

    def restore(self, card: Any) -> Request:
        """To put a card back from the archive."""
        return Request("POST", f"/cards/{card['id']}/restore", None)

    def archive(self, card: Any) -> Request:
        """To take a card off the board."""
        return Request("POST", f"/cards/{card['id']}/archive", None)

    def assign(self, card: Any, *people: Person) -> Request:
        """To say whose card it is."""
        return Request(
            "PATCH", f"/cards/{card['id']}", {"assignee_ids": [person.id for person in people]}
        )

    def move_many(self, cards: Sequence[Any], column: str) -> Request:
        """To move many cards as one."""
        chosen = [{"id": card["id"]} for card in cards]
        body = {"action": "move", "cards": chosen, "column_id": self.board.column(column)}
        return Request("POST", f"/boards/{self.board.key}/cards/bulk", body)

    def transfer(self, card: Any, board: BoardOf, column: str, lane: str | None = None) -> Request:
        """To move a card to another board."""
        body = {"board": board.key, "column_id": board.column(column)}
        if lane is not None:
            body["lane_id"] = board.lane(lane)
        return Request("POST", f"/cards/{card['id']}/transfer", body)

    def undo(self) -> Request:
        """To take back what Ada did last."""
        return Request("POST", f"/boards/{self.board.key}/undo", None)

    # --- The race

    def at_once(self, stories: Sequence[Sequence[Request]]) -> list[list[Answer]]:
        """Each story is told by a client of its own, on one of the servers in turn; all begin
        together, while somebody watches that no count is ever over its limit."""
        limits = self.limits()
        barrier = threading.Barrier(len(stories))
        answers: list[list[Answer]] = [[] for _ in stories]
        failures: list[BaseException] = []

        def tell(index: int) -> None:
            try:
                client = Client(self.addresses[index % len(self.addresses)], self.ada)
                barrier.wait(20)
                for request in stories[index]:
                    answers[index].append(client.send(request))
                client.close()
            except BaseException as error:  # an assertion too; told by the main thread
                failures.append(error)
                barrier.abort()

        clients = [threading.Thread(target=tell, args=(i,)) for i in range(len(stories))]
        with self.watched(limits, failures):
            for client in clients:
                client.start()
            for client in clients:
                client.join()
        if failures:
            raise failures[0]
        return answers

    @contextmanager
    def watched(self, limits: list[Limit], failures: list[BaseException]) -> Iterator[None]:
        """Two observers look at the board without a pause: one through the API, one at the cards
        themselves."""
        over = threading.Event()
        looks = Counter[str]()

        def watch(look: Callable[[], dict[Limit, int]], name: str) -> None:
            try:
                while not over.is_set() or not looks[name]:
                    for limit, held in look().items():
                        assert held <= limit.value, f"{name}: {held} held by {limit}"
                    looks[name] += 1
            except BaseException as error:  # an assertion too; told by the main thread
                failures.append(error)

        client = Client(self.addresses[-1], self.ada)
        observers = [
            threading.Thread(target=watch, args=(lambda: self.told(client, limits), "API")),
            threading.Thread(target=watch, args=(lambda: self.counted(limits), "cards")),
        ]
        for observer in observers:
            observer.start()
        try:
            yield
        finally:
            over.set()
            for observer in observers:
                observer.join()
            client.close()

    # --- The limits

    def limits(self) -> list[Limit]:
        """Every limit that is set on the board."""
        board = self.board.read()
        found = [
            Limit(scope, place["id"], place["wip_limit"])
            for scope, places in (("column", "columns"), ("group", "groups"), ("lane", "lanes"))
            for place in board[places]
            if place["wip_limit"] is not None
        ]
        if board["wip_limit"] is not None:
            found.append(Limit("board", board["id"], board["wip_limit"]))
        if board["person_wip_limit"] is not None:
            found += [
                Limit("person", member["user_id"], board["person_wip_limit"])
                for member in board["members"]
            ]
        return found

    def told(self, client: "Client", limits: list[Limit]) -> dict[Limit, int]:
        """What the board's JSON says is held against each limit (people are not in it)."""
        board = client.send(Request("GET", f"/boards/{self.board.key}", None)).body
        held = {("board", board["id"]): board["wip_count"]}
        for scope in ("column", "group", "lane"):
            held |= {(scope, place["id"]): place["wip_count"] for place in board[scope + "s"]}
        return {limit: held[limit[:2]] for limit in limits if limit.scope != "person"}

    def counted(self, limits: list[Limit]) -> dict[Limit, int]:
        """What is held against each limit, counted by the cards."""
        stand = self.weir.db.read_now(standing, self.board.key)
        return {limit: self.held(limit, stand) for limit in limits}

    def held(self, limit: Limit, stand: "Standing") -> int:
        """What a limit holds where the cards stand like this."""
        columns, people = stand
        shape = self.shape()
        if limit.scope == "column":
            return sum(n for (column, _), n in columns.items() if column == limit.id)
        if limit.scope == "group":
            return sum(n for (column, _), n in columns.items() if column in shape["group"])
        started = {at: n for at, n in columns.items() if at[0] in shape["started"]}
        if limit.scope == "lane":
            return sum(n for (_, lane), n in started.items() if lane == limit.id)
        if limit.scope == "board":
            return sum(started.values())
        return sum(
            n
            for (column, who), n in people.items()
            if who == limit.id and column in shape["active"]
        )

    def shape(self) -> dict[str, set[int]]:
        """Which columns are active, started and of the group; it does not change in a race."""
        if getattr(self, "_shape_of", None) != self.board.key:
            ids = {column["name"]: column["id"] for column in self.board.read()["columns"]}
            self._shape = {
                "active": {ids["Doing"], ids["Test"]},
                "started": {ids["Doing"], ids["Done"], ids["Test"]},
                "group": {ids["Doing"], ids["Done"]},
            }
            self._shape_of = self.board.key
        return self._shape

    # --- Afterwards

    def check_history(self, answers: Sequence[Answer], after: int, asked: Sequence[str]) -> None:
        """Every answer has its one event, no seq is left out, and every prefix of the history keeps
        the limits. `asked` are the types of event that an accepted request makes."""
        events = self.board.events()
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        new = Counter(event["type"] for event in events if event["seq"] > after)
        accepted = sum(answer.status in {200, 201} for answer in answers)
        refused = sum(answer.status == 409 for answer in answers)
        assert accepted + refused == len(answers), Counter(answer.status for answer in answers)
        assert sum(new[name] for name in asked) == accepted
        assert new["move.refused"] == refused
        assert sum(new.values()) == accepted + refused
        for answer in answers:
            if answer.status == 409:
                assert answer.body["type"] == "/problems/wip-limit-reached"
                assert answer.body["count"] >= answer.body["limit"]
        self.replay(events, after)

    def replay(self, events: Sequence[Any], after: int) -> None:
        """Lets the history happen again: after each event of the race the limits hold, and at its
        end the cards stand where they do."""
        limits = self.limits()
        columns: Counter[tuple[int, int]] = Counter()
        people: Counter[tuple[int, int]] = Counter()
        at: dict[int, tuple[int, int]] = {}
        whose: dict[int, list[int]] = {}
        away: set[int] = set()

        def count(card: int, step: int) -> None:
            columns[at[card]] += step
            for person in whose.get(card, []):
                people[at[card][0], person] += step

        for event in events:
            data = event["data"]
            card: int = event["card"]["id"] if event["card"] else 0
            if event["type"] in {"card.created", "card.arrived"}:
                at[card] = (data["column_id"], data["lane_id"])
                whose[card] = list(data.get("assignee_ids", []))
                count(card, 1)
            elif event["type"] == "card.moved":
                assert at[card] == (data["from"]["column_id"], data["from"]["lane_id"])
                count(card, -1)
                at[card] = (data["to"]["column_id"], data["to"]["lane_id"])
                count(card, 1)
            elif event["type"] == "card.assigned":
                if card not in away:
                    count(card, -1)
                whose[card] = data["to"]
                if card not in away:
                    count(card, 1)
            elif event["type"] in {"card.archived", "card.discarded"}:
                count(card, -1)
                away.add(card)
            elif event["type"] == "card.left":
                count(card, -1)
                del at[card], whose[card]
            elif event["type"] == "card.restored":
                away.remove(card)
                count(card, 1)
            for limit in limits if event["seq"] > after else ():
                assert self.held(limit, Standing(columns, people)) <= limit.value, event
        found = self.weir.db.read_now(standing, self.board.key)
        assert (+columns, +people) == (found.columns, found.people)
        board = self.board.read()
        for column in board["columns"]:
            here = sum(n for (at, _), n in columns.items() if at == column["id"])
            assert here == column["card_count"]


class Standing(NamedTuple):
    """How many cards stand in each column and lane, and how many of each person in each column."""

    columns: Counter[tuple[int, int]]
    people: Counter[tuple[int, int]]


def standing(tx: Tx, key: str) -> Standing:
    """Counts the cards themselves, in one look at the database."""
    live = (Card.archived_at.is_(None), Card.discarded_at.is_(None))
    mine = select(Board.id).where(Board.key == key).scalar_subquery()
    columns = tx.execute(
        select(Card.column_id, Card.lane_id, func.count().label("held"))
        .where(Card.board_id == mine, *live)
        .group_by(Card.column_id, Card.lane_id)
    )
    people = tx.execute(
        select(Card.column_id, CardAssignee.user_id, func.count().label("held"))
        .join(CardAssignee, CardAssignee.card_id == Card.id)
        .where(Card.board_id == mine, *live)
        .group_by(Card.column_id, CardAssignee.user_id)
    )
    return Standing(
        Counter({(row.column_id, row.lane_id): row.held for row in columns}),
        Counter({(row.column_id, row.user_id): row.held for row in people}),
    )


def deadlocks(arena: Arena) -> int:
    """How often PostgreSQL had to end a wait in a circle; SQLite has one writer, and none."""
    db = arena.weir.db
    if db.dialect == SQLITE:
        return 0
    mine = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return int(db.read_now(lambda tx: tx.execute(mine).scalar_one()))


class Client:
    """One connection to one server, kept open."""

    def __init__(self, address: str, person: Person) -> None:
        self.connection = http.client.HTTPConnection(str(urlsplit(address).netloc), timeout=30)
        self.headers = {
            "Authorization": f"Bearer {person.token}",
            "Content-Type": "application/json",
        }
        # So that nobody has to connect when the race begins.
        self.send(Request("GET", "/me", None))

    def send(self, request: Request) -> Answer:
        """Sends a request, and waits for the answer."""
        body = None if request.body is None else json.dumps(request.body)
        self.connection.request(request.method, API + request.path, body, self.headers)
        response = self.connection.getresponse()
        content = response.read()
        return Answer(response.status, json.loads(content) if content else None)

    def close(self) -> None:
        """Closes the connection."""
        self.connection.close()
