"""A board in use: a full column, a blocked card, expedited work, half a year of finished work."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from tests.support import BoardOf, Person

STEPS = ("Backlog", "Ready", "Doing", "Done", "Test", "Ready to deploy", "Deploy", "In production")
FINISHED = 60
# How much each person may have in work: one of them has reached it.
PERSON_LIMIT = 2


class Work(NamedTuple):
    """An open card: the column where it is, and how many days ago it came into each one so far."""

    title: str
    days: tuple[float, ...]
    team: str | None = None
    work_type: str = "feature"
    labels: tuple[str, ...] = ()
    lane: str = "Standard"
    due_in: int | None = None
    fixed: bool = True
    checked: int | None = None
    comments: tuple[str, ...] = ()
    assigned: tuple[int, ...] = ()
    blocked: tuple[float, str, str] | None = None


OPEN = (
    Work("Write the on-call handover", (9,), "ops", "ops"),
    Work("Nightly load test", (6,), "dev", "improvement", ("infra",)),
    Work("Export invoices as CSV", (4,), "dev", due_in=40, fixed=False),
    Work("Rate limit the public API", (2,), "dev", "feature", ("api",), due_in=3),
    Work("Alert on certificate expiry", (12, 2), "ops", "ops", ("infra",), assigned=(1,)),
    Work(
        "Cache warm-up on cold start",
        (8, 1),
        "dev",
        "improvement",
        ("performance",),
        due_in=-2,
        fixed=False,
    ),
    Work(
        "Retry budget for webhooks",
        (10, 5, 3),
        "dev",
        due_in=1,
        assigned=(0,),
        checked=3,
        comments=("Three tries are enough.", "And a day between the last two."),
    ),
    Work(
        "Raise the file-descriptor limit on edge nodes",
        (13, 8, 6),
        "ops",
        "ops",
        ("infra",),
        assigned=(2,),
        blocked=(3, "Vendor ticket 4471", "waiting_on_vendor"),
    ),
    Work("Audit log export", (11, 6, 4, 1), "dev", assigned=(0, 1), checked=5),
    Work("Split the billing worker", (14, 9, 7, 4, 3.2), "dev", "debt"),
    Work("Backup restore drill", (12, 8, 6, 5, 2.1), "ops", "ops", assigned=(1,)),
    Work("Session expires too early", (7, 4, 3, 2, 0.9), "dev", "defect"),
    Work("Move cron jobs to the scheduler", (15, 11, 9, 7, 5, 1), "ops", "debt"),
    Work(
        "Rotate the leaked signing key",
        (0.2, 0.18, 0.15, 0.1, 0.05),
        "ops",
        "incident",
        ("security",),
        "Expedite",
        assigned=(1,),
    ),
    Work("Upgrade PostgreSQL to 18", (16, 12, 10, 8, 6, 3, 0.2), "ops", "ops", ("infra",)),
)


# What finished cards were blocked by, by turns.
BLOCKERS = (
    ("Vendor ticket 4471", "waiting_on_vendor"),
    ("Needs an approval of the change board", "approval"),
    ("Vendor ticket 4471", "waiting_on_vendor"),
    ("Staging is down", "environment"),
    ("The API of the other team", "waiting_on_team"),
)
LABELS = {"api": "blue", "infra": "teal", "performance": "violet", "security": "red"}
CHECKLIST = ("Write it down", "Try it on a copy", "Measure it", "Tell support", "Clean up")


def fill(board: BoardOf, *people: Person, finished: int = FINISHED) -> list[Any]:
    """Puts the sample onto a fresh board of the template `dev-ops`; the open cards. Up to three
    members are given work."""
    now = datetime.now(UTC)
    cards = [_open(work, now) for work in OPEN] + _finished(now, finished)
    for name, color in LABELS.items():
        board.person.post(f"/boards/{board.key}/labels", {"name": name, "color": color})
    board.person.post(f"/boards/{board.key}/import", {"format": "weir-history/1", "cards": cards})
    board.person.patch(f"/boards/{board.key}", {"person_wip_limit": PERSON_LIMIT})
    found = {card["title"]: card for card in board.cards()}
    for work in OPEN:
        ids = [people[each].id for each in work.assigned if each < len(people)]
        if ids:
            card = found[work.title]
            board.person.patch(f"/cards/{card['id']}", {"assignee_ids": ids})
        _tell(board.person, found[work.title]["id"], work)
    return [found[work.title] for work in OPEN]


def _tell(person: Person, card_id: int, work: Work) -> None:
    """Gives a card its checklist and its comments."""
    for comment in work.comments:
        person.post(f"/cards/{card_id}/comments", {"body": comment})
    if work.checked is not None:
        body = {"name": "Before it is done", "items": CHECKLIST}
        items = person.post(f"/cards/{card_id}/checklists", body)["items"]
        for item in items[: work.checked]:
            person.patch(f"/checklist-items/{item['id']}", {"checked": True})


def _open(work: Work, now: datetime) -> dict[str, Any]:
    entered = [_ago(now, days) for days in work.days]
    due = None if work.due_in is None else (now + timedelta(days=work.due_in)).date().isoformat()
    card: dict[str, Any] = {
        "title": work.title,
        "team": work.team,
        "work_type": work.work_type,
        "service_class": "fixed_date" if due and work.fixed else "standard",
        "labels": list(work.labels),
        "lane": work.lane,
        "due_on": due,
        "created_at": entered[0],
        "column": STEPS[0],
        "moves": [
            {"at": at, "to": column} for at, column in zip(entered[1:], STEPS[1:], strict=False)
        ],
    }
    if work.blocked is not None:
        since, reason, category = work.blocked
        card["blocks"] = [{"from": _ago(now, since), "reason": reason, "category": category}]
    return card


def _finished(now: datetime, count: int) -> list[dict[str, Any]]:
    chance = random.Random(18)
    cards = []
    for number in range(count):
        done = 180 * (count - number) / count - chance.random() * 2 - 0.01
        shares = [chance.lognormvariate(0.2, 0.8) for _ in STEPS[1:]]
        entered = [max(done, 0.02) + sum(shares[step:]) for step in range(len(STEPS))]
        kind = chance.choice(("feature", "feature", "defect", "ops", "debt"))
        card: dict[str, Any] = {
            "title": f"{chance.choice(('Tidy', 'Ship', 'Mend', 'Tune'))} part {number + 1}",
            "team": "ops" if kind == "ops" else "dev",
            "work_type": kind,
            "created_at": _ago(now, entered[0]),
            "column": STEPS[0],
            "moves": [
                {"at": _ago(now, days), "to": column}
                for days, column in zip(entered[1:], STEPS[1:], strict=True)
            ],
        }
        if number % 4 == 1:
            reason, category = BLOCKERS[number // 4 % len(BLOCKERS)]
            until = (entered[2] + entered[3]) / 2
            card["blocks"] = [
                {
                    "from": _ago(now, entered[2]),
                    "until": _ago(now, until),
                    "reason": reason,
                    "category": category,
                }
            ]
        cards.append(card)
    return cards


def _ago(now: datetime, days: float) -> str:
    # A little more, so that three days ago is three days ago when it is looked at.
    return (
        (now - timedelta(days=days, minutes=5))
        .isoformat(timespec="microseconds")
        .replace("+00:00", "Z")
    )
