"""The columns of a board one after the other, a group as one: what up and down mean. Pure."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from app.boards.shape import Column, Shape

T = TypeVar("T")


class Block(NamedTuple):
    """A column that stands alone, or the columns of a group."""

    group_id: int | None
    columns: tuple[Column, ...]


def blocks_of(shape: Shape) -> list[Block]:
    """A board's columns from left to right, those of a group together."""
    blocks: list[Block] = []
    for column in shape.columns:
        last = blocks[-1] if blocks else None
        if column.group_id is not None and last is not None and last.group_id == column.group_id:
            blocks[-1] = Block(last.group_id, (*last.columns, column))
        else:
            blocks.append(Block(column.group_id, (column,)))
    return blocks


def moved_column(shape: Shape, column_id: int, step: int) -> list[int]:
    """The columns with one of them a step further: past its neighbour in the group, or past what
    stands beside it, a whole group at once."""
    blocks = blocks_of(shape)
    at = next(i for i, block in enumerate(blocks) if column_id in _ids([block]))
    block = blocks[at]
    if block.group_id is None:
        return _ids(_swapped(blocks, at, step))
    inside = next(i for i, column in enumerate(block.columns) if column.id == column_id)
    blocks[at] = block._replace(columns=tuple(_swapped(block.columns, inside, step)))
    return _ids(blocks)


def moved_group(shape: Shape, group_id: int, step: int) -> list[int]:
    """The columns with those of a group a step further, past what stands beside them."""
    blocks = blocks_of(shape)
    at = next((i for i, block in enumerate(blocks) if block.group_id == group_id), None)
    return _ids(blocks if at is None else _swapped(blocks, at, step))


def _swapped(things: Sequence[T], at: int, step: int) -> list[T]:
    found = list(things)
    to = at + step
    if 0 <= to < len(found):
        found[at], found[to] = found[to], found[at]
    return found


def _ids(blocks: Sequence[Block]) -> list[int]:
    return [column.id for block in blocks for column in block.columns]
