"""Correlations of which a count lies within a range: what hits, and when that is known."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.detections import reference_correlations
from tests.detections.test_correlations import (
    SPAN,
    base,
    calls,
    correlation,
    happened,
    kinds,
    occurrences,
    shown,
)


def test_a_range_holds_between_both_bounds(tmp_path: Path) -> None:
    """Two are a hit, a third ends it, and two again are another."""
    rules = [base(0), correlation(type="event_count", rules="rule0", condition={"gt": 1, "lte": 2})]
    units = calls((0, "c0"), (1, "c0"), (2, "c0"), (12, "c0"))
    assert [(9, 1, 1, [0, 1]), (9, 12, 12, [2, 3])] == shown(tmp_path, units, *rules)


def test_a_range_is_known_when_all_had_arrived(tmp_path: Path) -> None:
    """One more record could undo it."""
    rules = [base(0), correlation(type="event_count", rules="rule0", condition={"gte": 2, "lt": 4})]
    one = {"call": "c0"}
    units = happened((1, 30, one), (1, 90, one), (1, 60, one))
    assert [(9, 1, 90, [0, 1, 2])] == shown(tmp_path, units, *rules)


def test_the_order_of_the_bounds_does_not_matter(tmp_path: Path) -> None:
    """The upper bound may stand first."""
    units = calls((0, "c0"), (1, "c0"), (2, "c0"))
    for condition in ({"gte": 2, "lt": 3}, {"lt": 3, "gte": 2}):
        rules = [base(0), correlation(type="event_count", rules="rule0", condition=condition)]
        assert [(9, 1, 1, [0, 1])] == shown(tmp_path, units, *rules)


@settings(max_examples=25)
@example("event_count", [(0, 1, 9, "a", "x"), (0, 1, 5, "a", "x"), (0, 20, 20, "a", "x")], "gt", 0, "lt", 2)
@given(
    kinds.filter(lambda kind: kind != "temporal_ordered"),
    occurrences,
    st.sampled_from(["gt", "gte"]),
    st.integers(0, 3),
    st.sampled_from(["lt", "lte"]),
    st.integers(1, 3),
)
def test_ranges_agree_with_a_plain_reading(kind, found, lower, least, upper, more) -> None:
    """Every window is looked at by itself, and both bounds are asked of it."""
    names, bounds = ["rule0", "rule1", "rule2"], {lower: least, upper: least + more + 1}
    condition = {**bounds, **({"field": "v"} if kind == "value_count" else {})}
    said = {"type": kind, "rules": names, "group-by": ["g"], "condition": condition}
    rules = [base(0), base(1), base(2), correlation(**said)]
    units = happened(*((at, known, {"call": f"c{n}", "g": g, "v": v}) for n, at, known, g, v in found))
    with tempfile.TemporaryDirectory() as folder:
        hits = shown(Path(folder), units, *rules)
    expected = []
    for group in sorted({one[3] for one in found}):
        positions = [position for position, one in enumerate(found) if one[3] == group]
        mine = [found[position] for position in positions]
        told = reference_correlations.hits(kind, mine, SPAN, "range", bounds, len(names))
        expected += [(9, at, known, [positions[member] for member in members]) for at, known, members in told]
    assert sorted(expected) == sorted(hits)
