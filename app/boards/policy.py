"""A column's policy as points that can be confirmed one by one. Pure."""

import re

# `- [ ] Reviewed`, `* Reviewed`, `2. Reviewed`; the mark of a task is not a part of its text.
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?(.*\S)\s*")
_HEADING = re.compile(r"\s*#{1,6}\s")


def points_of(policy: str) -> list[str]:
    """The points of a policy: the items of its lists, or its lines where it has no list."""
    lines = [line for line in policy.splitlines() if line.strip()]
    items = [found[1] for line in lines if (found := _ITEM.fullmatch(line))]
    return items or [line.strip() for line in lines if not _HEADING.match(line)]
