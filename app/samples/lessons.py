"""The six cards that teach by being done, and what the sample's cards have besides. Pure."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

from app import clock
from app.clock import HOUR, MINUTE


class Lesson(NamedTuple):
    """A card to learn by: where it begins, and what to do with it."""

    title: str
    description: str
    steps: tuple[str, ...]


LESSONS = (
    Lesson(
        "1. Rename me",
        "Open this card and click on its title. Enter saves it, Esc leaves it as it was.\n\n"
        "Whatever changes on a card stays readable in its history.",
        ("Backlog",),
    ),
    Lesson(
        "2. Pull me into Development",
        "Drag this card into **Doing**, or choose *Move to…* in its menu.\n\n"
        "Work is pulled where there is room for it. Development has room for five cards, Doing and "
        "Done together.",
        ("Backlog", "Ready"),
    ),
    Lesson(
        "3. Try to overfill Test with me",
        "Drag this card into **Test**. Test has its three cards already, so Weir says no, tells "
        "you which cards are there, and puts this one back.\n\n"
        "That is the point of a limit: first help to finish what has been started.",
        ("Backlog", "Ready", "Doing", "Done"),
    ),
    Lesson(
        "4. Block me with a reason",
        "Choose *Block…* in this card's menu and say what it waits for.\n\n"
        "A blocked card is loud, shows since when it waits, and cannot move to the right until "
        "somebody unblocks it.",
        ("Backlog",),
    ),
    Lesson(
        "5. Press ? to see every key",
        "With the keyboard a board is quicker: arrows walk from card to card, Enter opens one, "
        "`m` moves it, `b` blocks it. `?` shows the rest.",
        ("Backlog",),
    ),
    Lesson(
        "6. Invite a colleague by a link",
        "Open **People** and make an invite link. Whoever opens it joins the board.\n\n"
        "When you have seen enough, *Remove sample board* takes all of this away.",
        ("Backlog",),
    ),
)

POLICIES = {
    "Ready": "- The reason for it is written down\n- It is small enough for a week",
    "Doing": "- Reviewed by somebody else\n- Tests are green",
    "Test": "- Acceptance tests are green\n- Operations has read what changes",
    "Deploy": "- Monitored for an hour\n- Whoever asked for it knows",
}
COLORS = {
    "api": "blue",
    "billing": "green",
    "infra": "grey",
    "security": "red",
    "ux": "violet",
    "start here": "orange",
}
LABEL = "start here"
CHECKLIST = (
    "Write down what must not break",
    "Try it on a copy of the data",
    "Measure before and after",
    "Tell support",
    "Clean up",
)
COMMENT = "Tried it on a copy: twice as fast, and nothing else changed."


class Cord(NamedTuple):
    """A pull of the andon cord: about how many days ago, why, and what came of it."""

    days: int
    reason: str
    learning: str
    countermeasure: str


CORDS = (
    Cord(
        38,
        "Two releases in a row had to be taken back",
        "The tests of the release ran against last month's data.",
        "The copy of the data is made anew every night.",
    ),
    Cord(
        13,
        "Staging rejects new pods, nobody can test",
        "The quota of the cluster was never raised when the team grew.",
        "An alert at 80 % of the quota.",
    ),
)


def quiet_time(moments: Iterable[int], after: int) -> tuple[int, int]:
    """From when to when the cord was pulled: the first stretch behind a moment in which for an hour
    at least nothing happened to a card, so that no work was started meanwhile."""
    some = sorted(moment for moment in moments if moment >= after)
    start, end = next(pair for pair in pairwise(some) if pair[1] - pair[0] > HOUR)
    return start + 5 * MINUTE, min(start + 2 * HOUR, end - 5 * MINUTE)


def entries(now: int) -> list[dict[str, Any]]:
    """The lessons as cards of a history document, on top of their columns."""
    return [
        {
            "title": lesson.title,
            "description": lesson.description,
            "labels": [LABEL],
            "created_at": clock.iso(now - 2 * HOUR),
            "column": lesson.steps[0],
            "moves": [
                {"at": clock.iso(now - HOUR + place * MINUTE), "to": step}
                for place, step in enumerate(lesson.steps[1:])
            ],
            "position": index,
        }
        for index, lesson in enumerate(LESSONS)
    ]
