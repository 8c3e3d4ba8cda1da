"""Durations in the words of a sentence: `6.2 days`, `3.4 hours`, `4–6 days`. Pure."""

from fractions import Fraction

from app.flow.metrics import DAY, HOUR, MINUTE, SECOND, Bucket

_UNITS = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))
_SMALLEST = len(_UNITS) - 1
_SHORT = {"day": "d", "hour": "h", "minute": "min", "second": "s"}


def in_words(duration: Fraction | int, *, up: bool = False) -> str:
    """A duration in microseconds with the largest unit that it fills, to a tenth.

    `up` never says less than it is: what at least 85 % of the cards took "6.2 days or less" must
    hold for the words too.
    """
    # In whole numbers, because a page has thousands of them.
    over, under = duration.numerator, duration.denominator
    place = next((i for i, (size, _) in enumerate(_UNITS) if over >= size * under), _SMALLEST)
    size, unit = _UNITS[place]
    tenths = _whole(over * 10, under * size, up)
    if place and tenths * size >= _UNITS[place - 1][0] * 10:
        # 59.97 minutes are 60 minutes, and those are called an hour.
        unit, tenths = _UNITS[place - 1][1], 10
    if tenths >= 1000:
        tenths = _whole(over, under * size, up) * 10
    if not tenths and over:
        return "under 0.1 seconds"
    whole, tenth = divmod(tenths, 10)
    number = f"{whole:,}.{tenth}" if tenth else f"{whole:,}"
    return f"{number} {unit}" if tenths == 10 else f"{number} {unit}s"


def _whole(over: int, under: int, up: bool) -> int:
    """A ratio as a whole number: the next one above, or the nearest, of two the even one."""
    if up:
        return -(-over // under)
    whole, rest = divmod(over, under)
    return whole + (2 * rest > under or (2 * rest == under and whole % 2))


def range_words(bucket: Bucket, *, open_end: bool = False) -> str:
    """A bucket's range, in the unit that both of its ends are whole in."""
    size, unit = _common_unit(bucket.start, bucket.end)
    if open_end:
        return f"{bucket.start // size:,} {unit}s or more"
    end = bucket.end // size
    return f"{bucket.start // size:,}–{end:,} {unit if end == 1 else unit + 's'}"


def tick_words(at: int, step: int) -> str:
    """A point on the axis of a histogram whose points are so far apart."""
    size, unit = _common_unit(step)
    return f"{at // size:,} {_SHORT[unit]}" if at else "0"


def _common_unit(*durations: int) -> tuple[int, str]:
    for size, unit in _UNITS:
        if not any(duration % size for duration in durations):
            return size, unit
    return _UNITS[-1]
