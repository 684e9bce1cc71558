"""The scale: rounding to 0.5 with ties up, and the bands."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.domain.score import Band, band_of, round_score

EXACT = st.decimals(min_value=0, max_value=10, allow_nan=False, places=6)


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        ("0", "0.0"),
        ("0.24", "0.0"),
        ("0.25", "0.5"),
        ("3.74", "3.5"),
        ("3.75", "4.0"),
        ("5.75", "6.0"),
        ("8.24", "8.0"),
        ("8.25", "8.5"),
        ("8.249999999999999999999", "8.0"),
        ("9.75", "10.0"),
        ("10", "10.0"),
    ],
)
def test_ties_go_up(exact: str, rounded: str) -> None:
    assert str(round_score(Decimal(exact))) == rounded


@given(EXACT)
def test_a_rounded_score_is_the_nearest_half(exact: Decimal) -> None:
    rounded = round_score(exact)
    assert (rounded * 2) % 1 == 0
    distance = Fraction(rounded) - Fraction(exact)
    assert Fraction(-1, 4) < distance <= Fraction(1, 4)


@given(EXACT)
def test_rounding_again_changes_nothing(exact: Decimal) -> None:
    assert round_score(round_score(exact)) == round_score(exact)


@given(EXACT, EXACT)
def test_rounding_keeps_the_order(one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    assert round_score(low) <= round_score(high)


@pytest.mark.parametrize("exact", ["-0.01", "10.01", "Infinity"])
def test_what_is_off_the_scale_is_refused(exact: str) -> None:
    with pytest.raises(ValueError, match="between 0 and 10"):
        round_score(Decimal(exact))


@pytest.mark.parametrize(
    ("score", "band"),
    [
        ("0", Band.BELOW_B1),
        ("3.5", Band.BELOW_B1),
        ("4.0", Band.B1),
        ("5.5", Band.B1),
        ("6.0", Band.B2),
        ("8.0", Band.B2),
        ("8.5", Band.C1),
        ("10.0", Band.C1),
    ],
)
def test_bands_begin_where_the_scale_says(score: str, band: Band) -> None:
    assert band_of(Decimal(score)) is band


@pytest.mark.parametrize(
    ("exact", "band"), [("3.75", Band.B1), ("5.75", Band.B2), ("8.25", Band.C1)]
)
def test_a_tie_passes_at_every_border(exact: str, band: Band) -> None:
    assert band_of(round_score(Decimal(exact))) is band
