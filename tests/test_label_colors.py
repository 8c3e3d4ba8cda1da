"""The colours of labels and mentions, computed from the stylesheet: legible, light and dark."""

import math
import re
from typing import get_args

import pytest

from app.cards.labels import COLORS
from app.shaping.label_api import Color
from app.web import STATIC

CSS = (STATIC / "css" / "weir.css").read_text()
LEAST = 4.5


def declarations(selector: str) -> dict[str, str]:
    """What the stylesheet's first rule for a selector declares."""
    body = re.search(rf"(?:^|\s){re.escape(selector)} \{{([^}}]*)\}}", CSS)
    assert body, f"no rule for {selector}"
    pairs = (each.split(":", 1) for each in body[1].split(";") if ":" in each)
    return {name.strip(): value.strip() for name, value in pairs}


def number(text: str, variables: dict[str, str]) -> float:
    """A number of a colour: with a percent sign, from a variable, or a product."""
    text = text.strip()
    product = re.fullmatch(r"calc\((.+) \* (.+)\)", text)
    if product:
        return number(product[1], variables) * number(product[2], variables)
    variable = re.fullmatch(r"var\((--[a-z]+)\)", text)
    if variable:
        return number(variables[variable[1]], variables)
    return float(text[:-1]) / 100 if text.endswith("%") else float(text)


def luminance(color: str, variables: dict[str, str]) -> float:
    """The relative luminance of an `oklch(...)` as a screen with the gamut of sRGB shows it."""
    inner = re.fullmatch(r"oklch\((.*)\)", color.strip())
    assert inner, color
    parts = re.findall(r"calc\([^()]*(?:\([^()]*\)[^()]*)*\)|var\([^()]*\)|\S+", inner[1])
    light, chroma, hue = (number(part, variables) for part in parts)
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    cone = (
        (light + 0.3963377774 * a + 0.2158037573 * b) ** 3,
        (light - 0.1055613458 * a - 0.0638541728 * b) ** 3,
        (light - 0.0894841775 * a - 1.2914855480 * b) ** 3,
    )
    linear = (
        4.0767416621 * cone[0] - 3.3077115913 * cone[1] + 0.2309699292 * cone[2],
        -1.2684380046 * cone[0] + 2.6097574011 * cone[1] - 0.3413193965 * cone[2],
        -0.0041960863 * cone[0] - 0.7034186147 * cone[1] + 1.7076147010 * cone[2],
    )
    red, green, blue = (min(1.0, max(0.0, part)) for part in linear)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def sides(value: str) -> list[str]:
    """A colour in the light and in the dark theme."""
    inner = re.fullmatch(r"light-dark\((oklch\(.*\)), (oklch\(.*\))\)", value)
    assert inner, value
    return [inner[1], inner[2]]


def contrasts(background: str, ink: str, variables: dict[str, str]) -> list[float]:
    """How an ink stands out from its background, in the light and in the dark theme."""
    found = []
    for below, above in zip(sides(background), sides(ink), strict=True):
        tones = sorted((luminance(below, variables), luminance(above, variables)))
        found.append((tones[1] + 0.05) / (tones[0] + 0.05))
    return found


def test_the_measure_is_right() -> None:
    white = "light-dark(oklch(100% 0 0), oklch(0% 0 0))"
    turned = "light-dark(oklch(0% 0 0), oklch(100% 0 0))"
    assert contrasts(white, turned, {}) == pytest.approx([21, 21], rel=1e-3)
    # A grey of which the contrast to white is known: #767676.
    grey = "light-dark(oklch(56.5% 0 0), oklch(56.5% 0 0))"
    assert contrasts(white, grey, {})[0] == pytest.approx(4.54, rel=0.02)


@pytest.mark.parametrize("color", COLORS)
def test_a_labels_name_is_legible_on_its_colour(color: str) -> None:
    own = {**declarations(".label"), **declarations(f".label-{color}")}
    tokens = declarations(":root")
    variables = {**tokens, **{name: value for name, value in own.items() if name[:2] == "--"}}
    for contrast in contrasts(own["background"], own["color"], variables):
        assert contrast >= LEAST


def test_a_mention_is_legible() -> None:
    tokens = declarations(":root")
    for contrast in contrasts(tokens["--accent-bg"], tokens["--ink"], tokens):
        assert contrast >= LEAST


def test_no_two_labels_look_alike() -> None:
    looks = set()
    for color in COLORS:
        own = {**declarations(".label"), **declarations(f".label-{color}")}
        looks.add((own["background"], own.get("--hue"), own["--tint"]))
    assert len(looks) == len(COLORS) == 10


def test_the_api_and_the_stylesheet_know_the_same_colours() -> None:
    assert get_args(Color) == COLORS
    painted = set(re.findall(r"\.label-([a-z]+) \{", CSS))
    assert painted == set(COLORS)
