"""What is said of the constraint, and what to do about it: Goldratt's five steps. Pure."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from app.flow.constraint import Evidence
from app.flow.durations import in_words
from app.flow.little import Little
from app.flow.shares import percent

IDENTIFY, EXPLOIT, SUBORDINATE = "identify", "exploit", "subordinate"
ELEVATE, REPEAT = "elevate", "repeat"
STEPS = {
    IDENTIFY: "Find the constraint: the one place that decides how much the board can do.",
    EXPLOIT: "Lose nothing there: no blocked work, nothing done twice, never idle.",
    SUBORDINATE: "Let everybody else work at its pace: limits before it, help for it first.",
    ELEVATE: "Raise what it can do: more hands, smaller cards, better tools.",
    REPEAT: "Look again: once it is relieved, another place holds the flow.",
}

NEAR = Fraction(1, 20)
MUCH_BLOCKED = Fraction(1, 10)
MUCH_RETURNED = Fraction(1, 10)
OFTEN_FULL = Fraction(1, 2)
WEAK = Fraction(1, 5)
WELL = Fraction(1, 10)


class Advice(NamedTuple):
    """Which of the five steps comes next, and why."""

    step: str
    words: str


def reason_for_none(evidence: Sequence[Evidence]) -> str:
    """Why no work centre holds the flow."""
    if not evidence:
        return "No card was on the board in this window, or no column is active: nobody works here."
    return "Nothing waited, nothing was full and nothing was refused in this window."


def advice_for(evidence: Sequence[Evidence], constraint: Evidence) -> Advice:
    """What to do next about a constraint, by the first of the five steps that is not done yet."""
    name = constraint.centre.name
    others = [each for each in evidence if each is not constraint]
    near = max(others, key=lambda each: each.score, default=None)
    if constraint.score < WEAK:
        return Advice(
            REPEAT,
            f"{name} scores highest, but nothing presses much anywhere on the board. The "
            "constraint may lie outside it, in what is asked for or in a policy: look there, then "
            "begin again.",
        )
    if near is not None and near.score and constraint.score - near.score < NEAR:
        return Advice(
            IDENTIFY,
            f"{name} and {near.centre.name} are too near each other to be told apart. Watch both "
            "for a while, or choose a longer window, before you act.",
        )
    blocked, exits = constraint.blocked_share, constraint.exits
    if blocked is not None and blocked >= MUCH_BLOCKED:
        return Advice(
            EXPLOIT,
            f"{percent(blocked)} of the time in {name} the cards were blocked. Clear blockers "
            "there before anything else: an hour lost there is an hour lost for the whole board.",
        )
    if exits and Fraction(constraint.returned, exits) >= MUCH_RETURNED:
        share = percent(Fraction(constraint.returned, exits))
        return Advice(
            EXPLOIT,
            f"{share} of what left {name} came back to it. Make that right the first time: work "
            "that is done twice there halves what the board can do.",
        )
    if constraint.queue and not constraint.centre.queue_is_limited:
        return Advice(
            SUBORDINATE,
            f"{float(constraint.queue):.1f} cards wait in front of {name} on average, and no limit "
            "holds that queue. Give it one, so that everybody before it works at its pace.",
        )
    if constraint.full is None:
        return Advice(
            SUBORDINATE,
            f"{name} has no limit. Give it one, so that everybody before it works at its pace.",
        )
    if constraint.full >= OFTEN_FULL:
        return Advice(
            ELEVATE,
            f"{name} was full {percent(constraint.full)} of the time, with little blocked and "
            "little to do again. Raise what it can do: more hands, smaller cards, better tools; "
            "not its limit.",
        )
    return Advice(
        SUBORDINATE,
        f"{name} was full only {percent(constraint.full)} of the time. Keep it supplied: let those "
        "before it pull for it first, and lower its limit until it holds.",
    )


def little_words(little: Little) -> str:
    """How well Little's law holds, and why it does not where it does not."""
    cycle, ratio = little.mean_cycle_time, little.ratio
    if cycle is None or ratio is None:
        return (
            "No started card was finished in this window: there is no throughput to put into "
            "Little’s law."
        )
    daily = Fraction(little.finished * 86_400_000_000, little.length)
    said = (
        f"On average {float(little.wip):.1f} cards were in progress; {float(daily):.2f} finished a "
        f"day × {in_words(cycle)} of cycle time are {float(little.product):.1f}."
    )
    if abs(ratio - 1) <= WELL:
        apart = f"differ by {percent(abs(ratio - 1))}" if ratio != 1 else "are equal"
        return f"{said} Little’s law holds: the two {apart}."
    return f"{said} That is {percent(ratio)} of it: {_why(little)}."


def _why(little: Little) -> str:
    """The largest of what lies between the two sides."""
    grew = f"work in progress went from {little.at_start} to {little.at_end} cards"
    later, earlier = little.unfinished, little.before
    open_cards = f"{grew}, and the open ones spent more of this window than the others before it"
    old_cards = f"{grew}, and much of the finished ones’ cycle time lies before this window"
    outside = (
        "cycle time also ran on while cards were not in progress here: back in the backlog, in "
        "done before they were reopened, in the archive or on another board"
    )
    parts = [(later - earlier, open_cards), (earlier - later, old_cards), (little.outside, outside)]
    return max(parts)[1]
