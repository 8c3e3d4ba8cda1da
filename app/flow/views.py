"""What the flow page says and draws of a measurement. Pure: numbers in, words and shapes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.flow.durations import in_words, range_words, tick_words
from app.flow.metrics import Bucket, Summary

FEW_CARDS = 10
# In percent of the drawing: what two labels in one row need on a phone.
_LABELS_APART = 25

SLE_POINT = 85
# What each clock says of its cards; the first where there is but one.
_SENTENCES = {
    "lead": ("took {words} from its creation to done", "were done within {words}"),
    "cycle": ("took {words} from its start to done", "were done within {words} of being started"),
    "process": ("took {words} of work", "took {words} of work or less"),
}


class Number(NamedTuple):
    """A number with its name and what it means."""

    label: str
    words: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bucket as a bar; the lengths are percentages of the drawing."""

    x: float
    width: float
    height: float
    count: int
    words: str


class Tick(NamedTuple):
    """A word under the axis."""

    x: float
    words: str


class Mark(NamedTuple):
    """A line through the bars: so many percent of the cards lie left of it."""

    x: float
    label: str
    words: str


class Histogram(NamedTuple):
    """The bars with what stands around them; `top` is the count that fills the height."""

    bars: list[Bar]
    ticks: list[Tick]
    marks: list[Mark]
    top: int


def sentence_of(measure: str, found: Summary) -> str:
    """One sentence that reads the result; empty where there are no cards."""
    promise = found.sle.get(SLE_POINT)
    if promise is None:
        return ""
    one, many = _SENTENCES[measure]
    words = in_words(promise, up=True)
    if found.count == 1:
        return f"The one card {one.format(words=words)}: one is too few to promise anything by."
    said = f"{SLE_POINT} % of {found.count:,} cards {many.format(words=words)}."
    if found.count < FEW_CARDS:
        return f"{said} {FEW_CARDS} cards or more would make that firmer."
    return said


def numbers_of(found: Summary) -> list[Number]:
    """The numbers that matter, for a page that has cards."""
    mean, stdev, low, high = found.mean, found.stdev, found.min, found.max
    if mean is None or stdev is None or low is None or high is None:
        return []
    return [
        Number("Cards done", f"{found.count:,}"),
        *(
            Number(f"{point} % within", in_words(value, up=True))
            for point, value in found.sle.items()
            if value is not None
        ),
        Number("Mean", in_words(mean), f"standard deviation {in_words(stdev)}"),
        Number("Longest", in_words(high), f"shortest {in_words(low)}"),
    ]


def both_kinds(found: Summary) -> list[tuple[str, str, str]]:
    """Each percentile in both of its kinds: nearest rank, and interpolated."""
    return [
        (f"{point} %", in_words(rank, up=True), in_words(between))
        for point, rank in found.sle.items()
        if rank is not None and (between := found.percentiles[point]) is not None
    ]


def histogram_of(found: Summary) -> Histogram | None:
    """The histogram as shapes; None where there are no cards."""
    buckets = found.histogram
    if not buckets:
        return None
    slot = 100 / len(buckets)
    top = max(bucket.count for bucket in buckets)
    bars = [
        Bar(
            x=round(place * slot + slot * 0.06, 3),
            width=round(slot * 0.88, 3),
            height=round(100 * bucket.count / top, 3),
            count=bucket.count,
            words=range_words(bucket, open_end=place > 0 and _is_rest(buckets, place)),
        )
        for place, bucket in enumerate(buckets)
    ]
    return Histogram(bars, _ticks(buckets, slot), _marks(found, slot), top)


def missing(
    *,
    done_columns: Sequence[str],
    ever_done: str | None,
    finished: int,
    matching: int,
) -> str:
    """Why there is nothing to measure, and what to do about it.

    `ever_done` says when the board's last card was done, `finished` how many were in this window,
    `matching` how many of those the filters let through.
    """
    if matching:
        were = "1 card was" if matching == 1 else f"{matching:,} cards were"
        return (
            f"{were} finished in this window without ever being started, straight to a done "
            "column: that leaves no cycle time to measure. The lead time is there."
        )
    if finished:
        were = "1 card was" if finished == 1 else f"{finished:,} cards were"
        return f"{were} finished in this window, but the filters leave none. Clear a filter."
    if ever_done is not None:
        return (
            f"No card was finished in this window; the board's last one was on {ever_done}. "
            "Choose another window."
        )
    if done_columns:
        return (
            "No card has been finished on this board yet. Times appear here with the first card "
            f"that reaches {done_columns[0]}."
        )
    return (
        "This board has no column of the kind “done” yet, so no card can be finished. "
        "A manager of the board can add one."
    )


def _is_rest(buckets: Sequence[Bucket], place: int) -> bool:
    """Whether a bucket is the wider one for all that took longer than the others reach."""
    bucket, first = buckets[place], buckets[0]
    return bucket.end - bucket.start > first.end - first.start


def _ticks(buckets: Sequence[Bucket], slot: float) -> list[Tick]:
    width = buckets[0].end
    rest = _is_rest(buckets, len(buckets) - 1)
    equal = len(buckets) - rest
    step = -(-equal // 5)
    ticks = [
        Tick(round(place * slot, 3), tick_words(place * width, step * width))
        for place in range(0, equal + 1, step)
    ]
    if rest:
        # Behind it the axis has no scale any more.
        ticks[-1] = Tick(ticks[-1].x, f"{ticks[-1].words} or more")
    return ticks


def _marks(found: Summary, slot: float) -> list[Mark]:
    """Lines at the service level expectations; their words stand in three rows by turns."""
    marks: list[Mark] = []
    for point in (50, 85, 95):
        value = found.sle.get(point)
        if value is None:
            continue
        x = round(_position(found.histogram, value, slot), 3)
        if len(marks) < 2 or x - marks[0].x >= _LABELS_APART:
            marks.append(Mark(x, f"{point} %", in_words(value, up=True)))
    return marks


def _position(buckets: Sequence[Bucket], value: int, slot: float) -> float:
    place, bucket = next(
        (place, bucket)
        for place, bucket in enumerate(buckets)
        if value < bucket.end or place == len(buckets) - 1
    )
    return slot * (place + (value - bucket.start) / (bucket.end - bucket.start))
