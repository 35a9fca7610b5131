"""Legible, and distinct also for colour-blind eyes."""

from __future__ import annotations

import itertools

import pytest

from wsdemo.views import theme

# What a person without red, green or blue cones sees (Machado, Oliveira and Fernandes 2009, severity 1.0).
SIGHT = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
WHITE = (0.9505, 1.0, 1.089)


def linear(colour: str) -> list[float]:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def times(matrix, vector):
    return [sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix]


def lab(colour: str, sight: str) -> tuple[float, float, float]:
    """CIE L*a*b* of a colour as this sight has it."""
    seen = [min(1, max(0, part)) for part in times(SIGHT[sight], linear(colour))]
    x, y, z = (
        (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116)
        for t in (part / white for part, white in zip(times(XYZ, seen), WHITE, strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def contrast(one: str, other: str) -> float:
    """WCAG 2's contrast ratio."""
    a, b = sorted(times(XYZ, linear(colour))[1] for colour in (one, other))
    return (b + 0.05) / (a + 0.05)


@pytest.mark.parametrize("field", theme.FIELDS.values(), ids=lambda f: f.name)
def test_ink_is_legible_on_every_fill(field):
    assert contrast(theme.INK, field.fill) >= 7  # WCAG AAA


@pytest.mark.parametrize("colour", [theme.INK, theme.QUIET, theme.ALARM])
def test_text_is_legible_on_paper(colour):
    assert contrast(colour, theme.PAPER) >= 7


@pytest.mark.parametrize("sight", SIGHT)
def test_fields_differ_in_colour_or_in_pattern(sight):
    for one, other in itertools.combinations(theme.FIELDS.values(), 2):
        distance = sum(
            (a - b) ** 2 for a, b in zip(lab(one.fill, sight), lab(other.fill, sight), strict=True)
        )
        assert distance**0.5 >= 8 or one.hatch != other.hatch, (
            f"{one.name} and {other.name} look alike ({sight})"
        )


def test_one_look_and_one_label_per_field():
    looks = [(f.fill, f.hatch) for f in theme.FIELDS.values()]
    labels = [f.label for f in theme.FIELDS.values()]
    assert len(set(looks)) == len(looks)
    assert len(set(labels)) == len(labels)


def test_a_pattern_shows_in_css_too():
    assert "gradient" in theme.css("header")
    assert "gradient" not in theme.css("payload")
