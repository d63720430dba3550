"""Correlations that add numbers up: exactly, of each record once, and whatever is no number left out."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.detections.values import exact_number
from tests.detections.reference_correlations import COMPARE
from tests.detections.test_correlations import SPAN, base, calls, correlation, happened, shown

NUMBERS = (1, 2, -3, 0, 0.5, 0.1, "0.25", "1e2", "-0.5", [1, 1.0, 2], True, None, "many", {}, "")
numbers = st.sampled_from(NUMBERS)
moments = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 60), st.sampled_from(["c0", "c1", "both"]), numbers),
    max_size=10,
).map(lambda found: sorted(found, key=lambda one: one[0]))


def test_a_sum_is_of_all_numbers_in_the_window(tmp_path: Path) -> None:
    """Tenths add up to one and no less, and what is no number adds nothing."""
    rules = [base(0), correlation(type="value_sum", rules="rule0", condition={"gte": 1, "field": "n"})]
    units = calls(
        *((at, "c0", {"n": 0.1}) for at in range(9)), (9, "c0", {"n": "x"}), (10, "c0", {"n": "0.1"})
    )
    assert [(9, 10, 10, list(range(11)))] == shown(tmp_path, units, *rules)


def test_an_average_is_of_the_numbers_alone(tmp_path: Path) -> None:
    """A record without a number does not lower it; none at all is no average."""
    rules = [base(0), correlation(type="value_avg", rules="rule0", condition={"lt": 2, "field": "n"})]
    units = calls((0, "c0"), (1, "c0", {"n": 3}), (2, "c0"), (3, "c0", {"n": 0}))
    assert [(9, 3, 3, [0, 1, 2, 3])] == shown(tmp_path, units, *rules)


def test_a_record_of_two_rules_is_added_once(tmp_path: Path) -> None:
    """As it is counted once."""
    rules = [
        base(0),
        {**base(1), "detection": base(0)["detection"]},
        correlation(type="value_sum", rules=["rule0", "rule1"], condition={"gte": 4, "field": "n"}),
    ]
    assert [] == shown(tmp_path, calls((0, "c0", {"n": 3})), *rules)
    units = calls((0, "c0", {"n": 3}), (1, "c0", {"n": 1}))
    assert [(9, 1, 1, [0, 1])] == shown(tmp_path, units, *rules)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.1", Fraction(1, 10)),
        ("-1e-2", Fraction(-1, 100)),
        ("1E3", Fraction(1000)),
        ("9" * 400, Fraction(10**400 - 1)),
        ("9" * 401, None),
        ("1e401", None),
        ("1e-999999999", None),
        ("true", None),
        ("01", None),
        ("", None),
    ],
)
def test_numbers_are_read_exactly_or_not_at_all(text: str, number: Fraction | None) -> None:
    """However many digits, up to a bound that none that is meant exceeds."""
    assert exact_number(text) == number


def plain(value: object) -> set[Fraction]:
    """The different numbers of a field, as a reader of the page would take them."""
    found = set()
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, bool) or not isinstance(one, int | float | str):
            continue
        try:
            found.add(Fraction(repr(one)) if isinstance(one, float) else Fraction(one))
        except ValueError:
            continue
    return found


@settings(max_examples=30)
@given(
    st.sampled_from(["value_sum", "value_avg"]),
    moments,
    st.sampled_from(["gt", "gte", "lt", "lte", "eq", "neq"]),
    st.integers(-2, 4),
)
def test_sums_agree_with_a_plain_reading(kind, found, operator, count) -> None:
    """Every window is added up by itself."""
    said = {"type": kind, "rules": ["rule0", "rule1"], "condition": {operator: count, "field": "n"}}
    rules = [base(0), base(1), correlation(**said)]
    calls_of = {"both": ["c0", "c1"]}
    units = happened(
        *((at, at + delay, {"call": calls_of.get(call, call), "n": n}) for at, delay, call, n in found)
    )
    with tempfile.TemporaryDirectory() as folder:
        hits = shown(Path(folder), units, *rules)
    expected, held = [], False
    for moment in sorted({one[0] for one in found}):
        window = [place for place, one in enumerate(found) if moment - SPAN <= one[0] <= moment]
        values = [value for place in window for value in plain(found[place][3])]
        total = sum(values) if kind == "value_sum" or not values else sum(values) / len(values)
        holds = bool(values) and COMPARE[operator](total, count)
        if holds and not held:
            known = max(found[place][0] + found[place][1] for place in window)
            expected.append((9, moment, known, window))
        held = holds
    assert expected == hits
