"""How values of records are seen by rules."""

from __future__ import annotations

import sys

import pytest

from evidence.detections.values import NUMBER_MAX, address_of, fold, number_of, text_of, time_of


def test_folding_keeps_the_length_and_is_done_once() -> None:
    """Every character of Unicode folds to one, which folds to itself; so wildcards count what they should."""
    characters = [chr(code) for code in range(sys.maxunicode + 1)]
    folded = [fold(character) for character in characters]
    assert [] == [one for one in folded if len(one) != 1 or fold(one) != one]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Σ", "ς"), ("\u212a", "k"), ("ẞ", "ß"), ("Ǆ", "ǅ"), ("\u13a0", "\uab70"), ("\u017f", "S")],
)
def test_what_differs_in_case_folds_alike(one: str, other: str) -> None:
    """Letters of one Unicode case fold to one letter."""
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, (5, False)),
        (5.0, (5, False)),
        (-0.5, (-1, True)),
        ("-0.5", (-1, True)),
        ("5.50", (5, True)),
        ("0e999999999", (0, False)),
        ("-0.0", (0, False)),
        ("1e-999999999", (0, True)),
        ("1e999999999", (NUMBER_MAX, False)),
        (-1e300, (-NUMBER_MAX, False)),
        (float("inf"), (NUMBER_MAX, False)),
        ("9007199254740993", (9007199254740993, False)),
        ("0" * 2, None),
        ("\uff11\uff12", None),
        (" 1", None),
        ("0x10", None),
        ("", None),
        (True, None),
    ],
)
def test_a_number_is_its_floor_and_whether_it_has_a_fraction(value: object, expected: object) -> None:
    """Strings count when they are written like JSON numbers, and no exponent is written out."""
    assert expected == number_of(value)


def test_texts_of_scalars() -> None:
    """A scalar's text is what JSON writes, numbers in their shortest form."""
    assert ["true", "false", "5", "0.5", "100.0", "x"] == [
        text_of(one) for one in (True, False, 5, 0.5, 1e2, "x")
    ]


def test_addresses_order_as_their_texts() -> None:
    """Addresses of one version order as numbers do; what is no address has none."""
    texts = [address_of(one) for one in ("9.0.0.0", "10.0.0.0", "::", "1::", "ffff::1%eth0")]
    assert texts == sorted(one for one in texts if one)
    assert [None] * 4 == [address_of(one) for one in ("10.0.0.1:80", "host", 10, "1.2.3")]


def test_times_are_rfc_3339() -> None:
    """A string in RFC 3339 is a time, a bare number is none."""
    assert [3_600_000_000_000, None, None] == [
        time_of(one) for one in ("1970-01-01T00:00:00-01:00", 3600, "3600")
    ]
