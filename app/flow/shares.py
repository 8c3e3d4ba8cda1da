"""Shares in the words of a sentence: `14 %`, `under 1 %`. Pure."""

from fractions import Fraction


def percent(share: Fraction) -> str:
    """A share of 0 to 1 in whole percent; only nothing is called 0 % and only all of it 100 %."""
    whole = round(share * 100)
    if whole == 0 and share:
        return "under 1 %"
    if whole == 100 and share != 1:
        return "over 99 %"
    return f"{whole} %"


def percent_beside(share: Fraction, target: int) -> str:
    """A share in percent beside a target, with so many digits that one sees whether it reaches it:
    `19.5 %`, and not `20 %`, where 20 % are wanted."""
    digits = 0
    while (round(share * 100, digits) >= target) != (share * 100 >= target):
        digits += 1
    return f"{float(round(share * 100, digits)):.{digits}f} %"
