"""Correlations: what is one hit, of which records, and when it is known."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evidence.detections.detecting import detect
from evidence.detections.rules import NS_PER_SECOND
from evidence.detections.units import record_units
from tests.detections import reference_correlations
from tests.detections.rule_texts import RULE_ID, loaded, rule

SPAN = 10


def correlation(number: int = 9, **said: object) -> dict[str, object]:
    given_keys = {key.replace("_", "-"): value for key, value in said.items()}
    return {
        "title": f"Rule {number}",
        "id": RULE_ID.format(number),
        "name": f"rule{number}",
        "correlation": {"timespan": f"{SPAN}s", **given_keys},
    }


def base(number: int) -> dict[str, object]:
    return rule({"s": {"call": f"c{number}"}, "condition": "s"}, number, name=f"rule{number}")


def happened(*records: tuple[int, int, dict[str, object]], incidents: Sequence[str] = ()) -> pa.Table:
    """Units of (second, second known, record), which are in the order of time."""
    table = record_units("cloudtrail", [record for _, _, record in records])
    times = pa.array([at * NS_PER_SECOND for at, _, _ in records], pa.int64())
    arrivals = pa.array([known * NS_PER_SECOND for _, known, _ in records], pa.int64())
    table = table.set_column(table.schema.get_field_index("event_time"), "event_time", times)
    table = table.set_column(table.schema.get_field_index("known_at"), "known_at", arrivals)
    if incidents:
        table = table.set_column(4, "incident_id", pa.array(list(incidents)))
    return table


def calls(*said: tuple[int, str] | tuple[int, str, dict[str, object]]) -> pa.Table:
    """Records of (second, call, more fields), known when they happen."""
    return happened(*((one[0], one[0], {"call": one[1], **(one[2] if len(one) > 2 else {})}) for one in said))


def shown(folder: Path, units: pa.Table, *documents: object) -> list[tuple[int, int, int, list[int]]]:
    """Hits as (rule number, second, second known, records)."""
    return [
        (
            int(hit["rule_id"][-3:]),
            hit["event_time"] // NS_PER_SECOND,
            hit["known_at"] // NS_PER_SECOND,
            [record["ordinal"] for record in hit["records"]],
        )
        for hit in detect(loaded(folder, *documents), units).to_pylist()
    ]


def test_events_are_counted_within_the_timespan(tmp_path: Path) -> None:
    """Three calls within ten seconds are one hit, both ends included; a third that comes later is none."""
    rules = [base(0), correlation(type="event_count", rules="rule0", condition={"gte": 3})]
    assert [(9, 10, 10, [0, 1, 2])] == shown(tmp_path, calls((0, "c0"), (5, "c0"), (10, "c0")), *rules)
    assert [] == shown(tmp_path, calls((0, "c0"), (5, "c0"), (11, "c0")), *rules)


def test_an_attempt_that_goes_on_is_one_hit(tmp_path: Path) -> None:
    """A condition that keeps holding hits once, and again only after it has ceased to hold."""
    rules = [base(0), correlation(type="event_count", rules="rule0", condition={"gt": 1})]
    units = calls((0, "c0"), (1, "c0"), (2, "c0"), (3, "c0"), (50, "c0"), (51, "c0"))
    assert [(9, 1, 1, [0, 1]), (9, 51, 51, [4, 5])] == shown(tmp_path, units, *rules)


def test_a_hit_is_known_when_enough_has_arrived(tmp_path: Path) -> None:
    """Of three records in one moment two suffice: the hit is known with the second, and is of these."""
    rules = [base(0), correlation(type="event_count", rules="rule0", condition={"gte": 2})]
    one = {"call": "c0"}
    units = happened((1, 90, one), (1, 30, one), (1, 60, one))
    assert [(9, 1, 60, [1, 2])] == shown(tmp_path, units, *rules)


def test_a_count_below_is_known_with_the_last(tmp_path: Path) -> None:
    """What more records could undo is known only when all of its window had arrived."""
    rules = [base(0), correlation(type="event_count", rules="rule0", condition={"eq": 2})]
    one = {"call": "c0"}
    assert [(9, 2, 90, [0, 1])] == shown(tmp_path, happened((1, 90, one), (2, 30, one)), *rules)


def test_groups_are_counted_apart(tmp_path: Path) -> None:
    """Each value of a group is a group, a record with several is in each, one without is in none."""
    rules = [base(0), correlation(type="event_count", rules="rule0", group_by=["u.n"], condition={"gte": 2})]
    units = calls(
        (0, "c0", {"u": {"n": "a"}}),
        (1, "c0", {"u": {"n": ["a", "b"]}}),
        (2, "c0"),
        (3, "c0", {"u": {"n": "B"}}),
    )
    assert [(9, 1, 1, [0, 1])] == shown(tmp_path, units, *rules)


def test_incidents_are_apart(tmp_path: Path) -> None:
    """Records of two incidents are never brought together."""
    rules = [base(0), correlation(type="event_count", rules="rule0", condition={"gte": 2})]
    one = {"call": "c0"}
    assert [] == shown(tmp_path, happened((0, 0, one), (1, 1, one), incidents=["a", "b"]), *rules)


def test_values_are_counted_once(tmp_path: Path) -> None:
    """Only different values count, and a record without the field does not."""
    condition = {"gte": 2, "field": "v"}
    rules = [base(0), correlation(type="value_count", rules="rule0", condition=condition)]
    units = calls((0, "c0", {"v": "x"}), (1, "c0", {"v": "x"}), (2, "c0"), (3, "c0", {"v": "y"}))
    assert [(9, 3, 3, [0, 1, 2, 3])] == shown(tmp_path, units, *rules)


def test_rules_within_a_span_are_temporal(tmp_path: Path) -> None:
    """Every rule within the span is a hit, in whatever order."""
    rules = [base(0), base(1), correlation(type="temporal", rules=["rule0", "rule1"])]
    assert [(9, 4, 4, [0, 1])] == shown(tmp_path, calls((0, "c1"), (4, "c0")), *rules)
    assert [] == shown(tmp_path, calls((0, "c1"), (4, "c1")), *rules)


def test_an_order_is_kept(tmp_path: Path) -> None:
    """The rules in their order are a hit, the reverse is none; one moment counts as either order."""
    rules = [base(0), base(1), correlation(type="temporal_ordered", rules=["rule0", "rule1"])]
    assert [(9, 4, 4, [0, 1])] == shown(tmp_path, calls((0, "c0"), (4, "c1")), *rules)
    assert [] == shown(tmp_path, calls((0, "c1"), (4, "c0")), *rules)
    assert [(9, SPAN, SPAN, [0, 1])] == shown(tmp_path, calls((0, "c0"), (SPAN, "c1")), *rules)
    assert [] == shown(tmp_path, calls((0, "c0"), (SPAN + 1, "c1")), *rules)
    assert [(9, 4, 4, [0, 1])] == shown(tmp_path, calls((4, "c1"), (4, "c0")), *rules)


def test_one_record_is_not_two_steps(tmp_path: Path) -> None:
    """A record that two rules match does not follow itself."""
    same = {**base(1), "detection": base(0)["detection"]}
    rules = [base(0), same, correlation(type="temporal_ordered", rules=["rule0", "rule1"])]
    assert [] == shown(tmp_path, calls((0, "c0")), *rules)
    assert [(9, 1, 1, [0, 1])] == shown(tmp_path, calls((0, "c0"), (1, "c0")), *rules)


def test_aliases_name_the_field_of_each_rule(tmp_path: Path) -> None:
    """A group is joined over fields that each rule calls differently."""
    aliases = {"who": {"rule0": "user", "rule1": "actor.name"}}
    rules = [
        base(0),
        base(1),
        correlation(type="temporal", rules=["rule0", "rule1"], group_by=["who"], aliases=aliases),
    ]
    units = calls(
        (0, "c0", {"user": "a"}), (1, "c1", {"actor": {"name": "b"}}), (2, "c1", {"actor": {"name": "a"}})
    )
    assert [(9, 2, 2, [0, 2])] == shown(tmp_path, units, *rules)


def test_a_correlation_reads_correlations(tmp_path: Path) -> None:
    """A burst and then a call of the same user are a hit of all its records."""
    burst = correlation(8, type="event_count", rules="rule0", group_by=["user"], condition={"gte": 2})
    after = correlation(type="temporal_ordered", rules=["rule8", "rule1"], group_by=["user"])
    units = calls(
        (0, "c0", {"user": "a"}), (1, "c0", {"user": "a"}), (2, "c1", {"user": "b"}), (3, "c1", {"user": "a"})
    )
    assert [(9, 3, 3, [0, 1, 3])] == shown(tmp_path, units, base(0), base(1), burst, after)


def test_generate_shows_the_rules_as_well(tmp_path: Path) -> None:
    """Rules that a correlation reads are only shown when it says generate."""
    said = {"type": "event_count", "rules": "rule0", "condition": {"gte": 2}}
    units = calls((0, "c0"), (1, "c0"))
    assert [(9, 1, 1, [0, 1])] == shown(tmp_path, units, base(0), correlation(**said))
    with_rules = shown(tmp_path, units, base(0), correlation(generate=True, **said))
    assert [(0, 0, 0, [0]), (0, 1, 1, [1]), (9, 1, 1, [0, 1])] == with_rules


occurrences = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 30),
        st.integers(0, 60),
        st.sampled_from("ab"),
        st.sampled_from("xyz"),
    ),
    max_size=12,
).map(lambda found: sorted(found, key=lambda one: one[1]))
kinds = st.sampled_from(["event_count", "value_count", "temporal", "temporal_ordered"])
operators = st.sampled_from(["gt", "gte", "lt", "lte", "eq", "neq"])


def check(kind: str, found: list[tuple[int, int, int, str, str]], operator: str, count: int) -> None:
    names = ["rule0", "rule1", "rule2"]
    condition: dict[str, object] = {operator: count, **({"field": "v"} if kind == "value_count" else {})}
    said = {} if kind == "temporal_ordered" else {"condition": condition}
    rules = [base(0), base(1), base(2), correlation(type=kind, rules=names, group_by=["g"], **said)]
    units = happened(*((at, known, {"call": f"c{n}", "g": g, "v": v}) for n, at, known, g, v in found))
    with tempfile.TemporaryDirectory() as folder:
        hits = shown(Path(folder), units, *rules)
    is_monotone = kind != "temporal_ordered" and operator in ("gt", "gte")
    reference = reference_correlations.arriving_hits if is_monotone else reference_correlations.hits
    expected = []
    for group in sorted({one[3] for one in found}):
        positions = [position for position, one in enumerate(found) if one[3] == group]
        mine = [found[position] for position in positions]
        for at, known, members in reference(kind, mine, SPAN, operator, count, len(names)):
            expected.append((at, known, members and [positions[member] for member in members]))
    if kind == "temporal_ordered":
        if [one[2] for one in found] == sorted(one[2] for one in found):
            assert sorted(one[0] for one in expected) == sorted(at for _, at, _, _ in hits)
        assert bool(expected) == bool(hits)
        for _, at, known, records in hits:
            chain = [found[record] for record in records]
            assert ([0, 1, 2], known) == (sorted(one[0] for one in chain), max(one[2] for one in chain))
            assert at - SPAN <= min(one[1] for one in chain)
    else:
        assert sorted(expected) == sorted((at, known, records) for _, at, known, records in hits)


@settings(max_examples=40)
@example("event_count", [(0, 0, 0, "a", "x"), (0, 0, 1, "a", "x")], "gte", 0)
@given(kinds, occurrences, operators, st.integers(0, 4))
def test_correlations_agree_with_a_plain_reading(kind, found, operator, count) -> None:
    """Hits, their records and the moment known are those of looking at every window by itself."""
    check(kind, found, operator, count)


@pytest.mark.slow
@settings(max_examples=1_000)
@given(kinds, occurrences, operators, st.integers(0, 4))
def test_correlations_agree_with_a_plain_reading_thousands_of_times(kind, found, operator, count) -> None:
    """The same, a thousand times."""
    check(kind, found, operator, count)


def as_of(kind: str, found: list[tuple[int, int, int, str, str]], count: int) -> None:
    names = ["rule0", "rule1", "rule2"]
    condition: dict[str, object] = {"gte": count, **({"field": "v"} if kind == "value_count" else {})}
    said = {} if kind == "temporal_ordered" else {"condition": condition}
    inner = correlation(8, type=kind, rules=names, group_by=["g"], **said)
    outer = correlation(type="event_count", rules="rule8", condition={"gte": 2})
    rules = [base(0), base(1), base(2), {**inner, "correlation": {**inner["correlation"], "generate": True}}]
    units = happened(*((at, known, {"call": f"c{n}", "g": g, "v": v}) for n, at, known, g, v in found))
    with tempfile.TemporaryDirectory() as folder:
        whole = detect(loaded(Path(folder), *rules, outer), units).to_pylist()
        for now in sorted({known * NS_PER_SECOND for _, _, known, _, _ in found}):
            arrived = units.filter(pc.less_equal(units["known_at"], now))
            then = detect(loaded(Path(folder), *rules, outer), arrived).to_pylist()
            assert [hit for hit in whole if hit["known_at"] <= now] == then


@pytest.mark.slow
@settings(max_examples=25)
@example("event_count", [(0, 9, 9, "a", "x"), (1, 5, 5, "a", "x"), (2, 3, 30, "a", "x")], 2)
@example(
    "temporal_ordered",
    [(0, 0, 0, "a", "x"), (1, 2, 2, "a", "x"), (2, 3, 3, "a", "x"), (0, 1, 9, "a", "x")],
    1,
)
@given(kinds, occurrences, st.integers(1, 4))
def test_what_was_a_hit_when_it_became_known_stays_one(kind, found, count) -> None:
    """At every moment the hits are those of what had arrived by then, whatever arrived later."""
    as_of(kind, found, count)


@pytest.mark.slow
@settings(max_examples=150)
@given(kinds, occurrences, st.integers(1, 4))
def test_what_was_a_hit_when_it_became_known_stays_one_many_times(kind, found, count) -> None:
    """The same, many more times."""
    as_of(kind, found, count)
