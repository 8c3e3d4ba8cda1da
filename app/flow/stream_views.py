"""What the flow page says and draws of the value stream. Pure: numbers in, words and shapes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from app.boards.shape import DONE
from app.flow.durations import in_words
from app.flow.shares import percent
from app.flow.stream import Long, Step, Stream
from app.flow.views import FEW_CARDS, Number

KIND_WORDS = {"queue": "Waiting", "active": "Work", "done": "Done", None: "Before"}
_NONE = "–"


@dataclass(frozen=True, slots=True)
class Box:
    """A step as it is drawn."""

    name: str  # its id on the page
    words: str
    kind: str  # queue, active, done, or elsewhere
    kind_words: str
    team: str | None
    deleted: bool
    lead: str
    wait: str
    process: str
    share: str  # of the lead time
    right: str  # passed right the first time
    came_back: str
    is_slowest: bool
    is_weakest: bool
    longest: Sequence[Long]


class Row(NamedTuple):
    """A step as a row of the table."""

    name: str
    cells: Sequence[str]


def sentence_of(stream: Stream) -> str:
    """One sentence that reads the stream; empty where there are no cards."""
    lead, process, efficiency = stream.lead_time, stream.process_time, stream.flow_efficiency
    if lead is None or process is None:
        return ""
    if efficiency is None:
        return "The cards were done in the moment of their creation: there is no time to share out."
    who = "The one card took" if stream.count == 1 else "A card takes"
    work = f"{in_words(process)} {_are(process)} work" if process else "nothing is work"
    said = f"{who} {in_words(lead)}, of which {work}: {percent(efficiency)} flow efficiency"
    rolled = stream.rolled_percent_complete_accurate
    if rolled is not None:
        pass_ = "passes" if rolled == Fraction(1, 100) else "pass"
        said += f"; {percent(rolled)} {pass_} every step right the first time"
    if 1 < stream.count < FEW_CARDS:
        return f"{said}. {FEW_CARDS} cards or more would make that firmer."
    return f"{said}."


def hint_of(stream: Stream, groups: Mapping[int, str]) -> str:
    """Where the cards wait longest, and which step gets the most back; empty without either."""
    slowest, weakest = _slowest(stream), _weakest(stream)
    said = []
    if slowest is not None and slowest.wait_time and slowest.lead_time and stream.lead_time:
        share = percent(slowest.wait_time / stream.lead_time)
        said.append(
            f"Most of the waiting is in {_name(slowest, groups)}: {in_words(slowest.wait_time)}, "
            f"{share} of the lead time."
        )
    if weakest is not None:
        times = "1 time" if weakest.returned == 1 else f"{weakest.returned:,} times"
        said.append(
            f"Work came back to {_name(weakest, groups)} most of all: {times} in {weakest.exits:,}."
        )
    return " ".join(said)


def totals_of(stream: Stream) -> list[Number]:
    """The whole in numbers."""
    wait, handoffs = stream.wait_time, stream.handoffs_per_card
    return [
        Number("Lead time", _duration(stream.lead_time), f"of {_cards(stream.count)}"),
        Number("Process time", _duration(stream.process_time), f"{_duration(wait)} of waiting"),
        Number("Flow efficiency", _share(stream.flow_efficiency), "process ÷ lead time"),
        Number(
            "Rolled %C/A",
            _share(stream.rolled_percent_complete_accurate),
            "right in every step the first time",
        ),
        Number("Handoffs", _NONE if handoffs is None else f"{float(handoffs):.1f}", "per card"),
    ]


def boxes_of(stream: Stream, groups: Mapping[int, str]) -> list[Box]:
    """The steps as boxes and queues, with the groups' names before those of their columns. A done
    column is the end of the stream: it is drawn where cards came out of it again."""
    slowest, weakest = _slowest(stream), _weakest(stream)
    return [
        Box(
            name=f"step-{step.place.id}",
            words=_name(step, groups),
            kind=step.place.kind or "elsewhere",
            kind_words=KIND_WORDS[step.place.kind],
            team=step.place.team,
            deleted=step.place.deleted,
            lead=_duration(step.lead_time),
            wait=_duration(step.wait_time),
            process=_duration(step.process_time),
            share=_part(step.lead_time, stream.lead_time),
            right=_share(step.percent_complete_accurate),
            came_back=_came_back(step),
            is_slowest=step is slowest,
            is_weakest=step is weakest,
            longest=step.longest,
        )
        for step in stream.steps
        if step.place.kind != DONE or step.lead_time or step.exits
    ]


def rows_of(stream: Stream, groups: Mapping[int, str]) -> list[Row]:
    """The steps as rows of a table, and the whole below them."""
    rows = [
        Row(
            f"{_name(step, groups)}{' (deleted)' if step.place.deleted else ''}",
            (
                _NONE if step.place.kind is None else step.place.kind,
                step.place.team or _NONE,
                _duration(step.lead_time),
                _duration(step.process_time),
                _duration(step.wait_time),
                _part(step.lead_time, stream.lead_time),
                _share(step.percent_complete_accurate),
                f"{step.exits:,}",
                f"{step.returned:,}",
            ),
        )
        for step in stream.steps
    ]
    whole = Row(
        "Whole",
        (
            *(_NONE, _NONE),
            *(map(_duration, (stream.lead_time, stream.process_time, stream.wait_time))),
            "100 %" if stream.lead_time else _NONE,
            _share(stream.rolled_percent_complete_accurate),
            *(_NONE, _NONE),
        ),
    )
    return [*rows, whole]


def _slowest(stream: Stream) -> Step | None:
    """The step in which the cards waited longest, the first of several."""
    waiting = [step for step in stream.steps if step.wait_time]
    return max(waiting, key=lambda step: step.wait_time or 0, default=None)


def _weakest(stream: Stream) -> Step | None:
    """The step to which the largest share came back, the first of several."""
    failing = [step for step in stream.steps if step.returned]
    return min(failing, key=lambda step: step.percent_complete_accurate or 0, default=None)


def _name(step: Step, groups: Mapping[int, str]) -> str:
    group = groups.get(step.place.id)
    return step.place.name if group is None else f"{group}: {step.place.name}"


def _came_back(step: Step) -> str:
    if not step.exits:
        return "Nothing left it to the right in this window."
    left = "1 exit" if step.exits == 1 else f"{step.exits:,} exits"
    return f"{left} to the right, {step.returned:,} of them came back."


def _are(duration: Fraction) -> str:
    return "is" if in_words(duration).startswith("1 ") else "are"


def _cards(count: int) -> str:
    return "1 card" if count == 1 else f"{count:,} cards"


def _duration(duration: Fraction | None) -> str:
    return _NONE if duration is None else in_words(duration) if duration else "0"


def _share(share: Fraction | None) -> str:
    return _NONE if share is None else percent(share)


def _part(part: Fraction | None, whole: Fraction | None) -> str:
    return percent(part / whole) if part is not None and whole else _NONE
