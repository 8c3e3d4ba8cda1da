"""What the flow page says and shows of the constraint. Pure: numbers in, words and shapes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.flow.constraint import Evidence
from app.flow.constraint_words import STEPS
from app.flow.little import Little
from app.flow.shares import percent

_NONE = "–"


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of evidence: in words, and as the length of a bar in tenths; None without a bar."""

    words: str
    tenths: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A work centre with what speaks for it."""

    name: str
    is_constraint: bool
    cells: Sequence[Cell]


def sentence_of(evidence: Sequence[Evidence], constraint: Evidence) -> str:
    """One sentence that names the constraint and the strongest that speaks for it."""
    name = constraint.centre.name
    because = [words for share, words in _reasons(constraint) if share]
    said = f"{name} holds the flow: {_listed(because[:3])}." if because else f"{name} comes first."
    return said if len(evidence) > 1 else f"{said} There is no other work centre to compare with."


def rows_of(evidence: Sequence[Evidence], constraint: Evidence | None) -> list[Row]:
    """The work centres from left to right."""
    return [
        Row(
            name=each.centre.name,
            is_constraint=each is constraint,
            cells=(
                _bar(each.full, _full_words(each)),
                _bar(each.queue_share, _NONE if each.queue is None else _cards(each.queue)),
                _bar(each.starved),
                _bar(each.time_share),
                _bar(each.refusal_share, f"{each.refusals:,}"),
                Cell(_share(each.blocked_share)),
                Cell(f"{each.returned:,} of {each.exits:,}" if each.exits else _NONE),
                _bar(each.score, f"{float(each.score):.2f}"),
            ),
        )
        for each in evidence
    ]


def steps_of(step: str) -> list[tuple[str, str, bool]]:
    """The five focusing steps: its name, what it means, and whether it comes next."""
    return [(name, words, name == step) for name, words in STEPS.items()]


def little_numbers(little: Little) -> list[tuple[str, str]]:
    """What lies between the two sides of Little's law, in cards over the whole window."""
    parts = (
        ("Throughput × cycle time", little.cycle_time, ""),
        ("of that before the window", -little.before, ""),
        ("of that while not in progress here", -little.outside, ""),
        ("cards not finished in the window", little.unfinished, "+"),
        ("Mean work in progress", little.in_progress, ""),
    )
    return [
        (words, f"{float(Fraction(time, little.length)):{sign}.2f} cards".replace("-", "−"))
        for words, time, sign in parts
    ]


def _reasons(each: Evidence) -> list[tuple[Fraction, str]]:
    zero = Fraction(0)
    reasons = [
        (each.full or zero, f"its limit was full {_share(each.full)} of the time"),
        (each.queue_share or zero, f"{_cards(each.queue or zero)} waited in front of it"),
        (each.starved or zero, f"the next step stood empty {_share(each.starved)} of the time"),
        (each.time_share or zero, f"{_share(each.time_share)} of the lead time is spent there"),
        (each.refusal_share or zero, f"its limits refused {_times(each.refusals)}"),
    ]
    return sorted(reasons, key=lambda reason: -reason[0])


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _full_words(each: Evidence) -> str:
    if each.full is None:
        return "no limit"
    return f"{percent(each.full)} (limit {each.limit})" if each.limit else percent(each.full)


def _bar(share: Fraction | None, words: str | None = None) -> Cell:
    if share is None:
        return Cell(_NONE if words is None else words)
    # Something is never drawn as nothing.
    return Cell(percent(share) if words is None else words, -int(-share * 10 // 1))


def _cards(number: Fraction) -> str:
    return f"{float(number):.1f} cards"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _share(share: Fraction | None) -> str:
    return _NONE if share is None else percent(share)
