"""What a process remembers of the closed days of its boards.

It holds for as long as `Closed.past` is the same: `closed_days.py` draws another one with whatever
lets days before the last closed one tell something else. So a page reads each day once.
"""

from typing import Any, NamedTuple

from app.db import Tx
from app.packing import Numbers


class _Entry(NamedTuple):
    past: int
    size: int
    value: Any


def recall(tx: Tx, kind: str, key: Any, past: int) -> Any:
    """What is remembered of a kind under a key, if it is of the same past; None otherwise."""
    entries: dict[Any, _Entry] = tx.memory.get(kind, {})
    found = entries.get(key)
    return found.value if found is not None and found.past == past else None


def remember(tx: Tx, kind: str, key: Any, past: int, value: Any, size: int, most: int) -> None:
    """Remembers a value of a size; of a kind no more than `most` of it, the last ones."""
    entries: dict[Any, _Entry] = tx.memory.get(kind, {})
    kept, whole = [(key, _Entry(past, size, value))], size
    for other, entry in reversed(entries.items()):
        if other != key and (whole := whole + entry.size) <= most:
            kept.append((other, entry))
    if size <= most:
        # Another dict, because other threads may be reading this one.
        tx.memory[kind] = dict(reversed(kept))


def frozen(numbers: Numbers) -> Numbers:
    """An array that several requests see and nobody changes."""
    numbers.flags.writeable = False
    return numbers
