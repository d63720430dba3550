"""The weekly figures, each against an example worked out by hand."""

from __future__ import annotations

import statistics
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.kpis.median_ranks import median_ranks

MINUTE = 60 * 1_000_000_000


def incident(name, start, *, detected=None, mitigated=None, resolved=None, **more):
    """An incident with its steps in minutes after the start (ns); None is not recorded."""
    return {
        "incident_id": name,
        "incident_type": "rollout",
        "window_start": start,
        "window_end": start + 600 * MINUTE,
        "started_at": start,
        "detected_at": None if detected is None else start + detected * MINUTE,
        "mitigated_at": None if mitigated is None else start + mitigated * MINUTE,
        "resolved_at": None if resolved is None else start + resolved * MINUTE,
        **more,
    }


@pytest.fixture(scope="module")
def seven(kpis_of, ns):
    """Seven incidents of one week, found after 1, 2, 3, 4, 10, 20 and 40 minutes."""
    start = ns("2026-01-14T09:00")
    minutes = (10, 1, 3, 40, 2, 20, 4)
    return kpis_of(
        [
            incident(f"inc-{i}", start, detected=d, mitigated=2 * d, resolved=3 * d)
            for i, d in enumerate(minutes)
        ]
    )


def test_the_whole_history_has_the_figures_of_all_its_weeks(kpis_of, ns) -> None:
    """Two weeks of three: median 3.5 min of 1, 2, 3, 4, 10 and 20, and nothing from a table."""
    starts = (ns("2026-01-14T09:00"), ns("2026-02-18T09:00"))
    incidents = [
        incident(f"inc-{detected}", starts[n % 2], detected=detected)
        for n, detected in enumerate((1, 2, 3, 4, 10, 20))
    ]
    rows = kpis_of(incidents)["kpis.overall"].to_pylist()
    found = {(row["measure"], row["basis"]): row for row in rows}
    assert {"all", "exports"} == {basis for _, basis in found}
    row = found["time_to_detect", "all"]
    assert (6, 210, 1200, 400) == (row["n"], row["median_seconds"], row["p90_seconds"], row["mean_seconds"])
    assert (60, 1200) == (row["interval_low_seconds"], row["interval_high_seconds"])
    assert (0, 6) == (found["time_to_resolve", "all"]["n"], found["time_to_resolve", "all"]["open_count"])


def test_time_to_detect_of_seven_incidents(seven, pick) -> None:
    """Median 4 min, p90 the 7th of 7, mean 80/7 min, interval from the smallest to the largest."""
    row = pick(seven["kpis.weekly_mttd"], service="all", severity="all", environment="all")
    assert {
        "week": "2026-W03",
        "n": 7,
        "open_count": 0,
        "excluded_count": 0,
        "median_seconds": 240,
        "p90_seconds": 2400,
        "mean_seconds": 686,  # 4800 / 7 = 685.71…
        "interval_low_seconds": 60,
        "interval_high_seconds": 2400,
        "sufficiency": "sufficient",
    }.items() <= row.items()


def test_time_to_resolve_runs_from_detection(seven, pick) -> None:
    """Resolution at three times the detection leaves twice the detection: median 8 min."""
    row = pick(seven["kpis.weekly_mttr"], incident_type="rollout")
    assert (7, 480, 4800) == (row["n"], row["median_seconds"], row["p90_seconds"])


def test_dwell_time_runs_from_start_to_mitigation(seven, pick) -> None:
    """Mitigation at twice the detection: median 8 min."""
    row = pick(seven["kpis.weekly_dwell_time"], incident_type="all")
    assert (7, 480, 4800) == (row["n"], row["median_seconds"], row["p90_seconds"])


def test_five_incidents_are_too_few_for_an_interval(kpis_of, ns, pick) -> None:
    """Below six the figures stand without an interval and say so."""
    start = ns("2026-01-14T09:00")
    tables = kpis_of([incident(f"inc-{i}", start, detected=i) for i in range(5)])
    row = pick(tables["kpis.weekly_mttd"], service="all", severity="all", environment="all")
    assert (5, 120, None, None, "too_few") == (
        row["n"],
        row["median_seconds"],
        row["interval_low_seconds"],
        row["interval_high_seconds"],
        row["sufficiency"],
    )


def test_half_seconds_are_rounded_up_once(kpis_of, ns, pick) -> None:
    """Times of 1.0 s and 2.0 s have the median and mean 2 s: 1.5 rounded up."""
    start = ns("2026-01-14T09:00")
    tables = kpis_of(
        [{**incident(f"inc-{s}", start), "detected_at": start + s * 1_000_000_000} for s in (1, 2)]
    )
    row = pick(tables["kpis.weekly_mttd"], service="all", severity="all", environment="all")
    assert (2, 2, 2) == (row["median_seconds"], row["mean_seconds"], row["p90_seconds"])


def test_each_time_counts_in_the_week_of_its_end(kpis_of, ns, pick) -> None:
    """Found on Sunday, resolved on Monday: one week for detection, the next for resolution."""
    start = ns("2026-01-18T23:00")
    tables = kpis_of([incident("inc-1", start, detected=10, mitigated=30, resolved=120)])
    assert {"2026-W03"} == set(tables["kpis.weekly_mttd"].column("week").to_pylist())
    assert {"2026-W03"} == set(tables["kpis.weekly_dwell_time"].column("week").to_pylist())
    assert {"2026-W04"} == set(tables["kpis.weekly_mttr"].column("week").to_pylist())


def test_an_open_incident_is_counted_and_in_no_figure(kpis_of, ns, pick) -> None:
    """Without resolution it is open in the week of its detection."""
    start = ns("2026-01-14T09:00")
    tables = kpis_of([incident("inc-1", start, detected=1)])
    row = pick(tables["kpis.weekly_mttr"], incident_type="all")
    assert ("2026-W03", 0, 1, 0, None, None, None, ["inc-1"]) == (
        row["week"],
        row["n"],
        row["open_count"],
        row["excluded_count"],
        row["median_seconds"],
        row["p90_seconds"],
        row["mean_seconds"],
        row["incident_ids"],
    )


@pytest.mark.parametrize(
    ("case", "table"),
    [
        ({"detected": -5}, "kpis.weekly_mttd"),  # the alert came before the begin that people settled on
        ({"detected": 5, "started_at": None}, "kpis.weekly_mttd"),
        ({"detected": 5, "resolved": 4}, "kpis.weekly_mttr"),
        ({"resolved": 4}, "kpis.weekly_mttr"),  # nobody recorded the detection
        ({"mitigated": -1}, "kpis.weekly_dwell_time"),
    ],
)
def test_times_out_of_order_are_excluded_and_listed(kpis_of, ns, case, table) -> None:
    """A time that cannot be is in no figure, yet its incident stays in the row."""
    tables = kpis_of([incident("inc-1", ns("2026-01-14T09:00"), **case)])
    assert all(
        (0, 0, 1, None, ["inc-1"])
        == (r["n"], r["open_count"], r["excluded_count"], r["mean_seconds"], r["incident_ids"])
        for r in tables[table].to_pylist()
    )
    assert tables[table].num_rows > 0


def test_a_time_of_zero_is_measured(kpis_of, ns, pick) -> None:
    """Found in the second in which it began: zero seconds, not a missing value."""
    tables = kpis_of([incident("inc-1", ns("2026-01-14T09:00"), detected=0)])
    row = pick(tables["kpis.weekly_mttd"], service="all", severity="all", environment="all")
    assert (1, 0, 0) == (row["n"], row["median_seconds"], row["mean_seconds"])


def test_an_incident_without_any_time_counts_in_the_week_of_its_window(kpis_of, ns, pick) -> None:
    """Nothing recorded: open everywhere, in the week in which the recording begins."""
    bare = {**incident("inc-1", ns("2026-01-14T09:00")), "started_at": None}
    tables = kpis_of([bare])
    for name in ("kpis.weekly_mttd", "kpis.weekly_mttr", "kpis.weekly_dwell_time"):
        assert {("2026-W03", 0, 1, 0)} == {
            (r["week"], r["n"], r["open_count"], r["excluded_count"]) for r in tables[name].to_pylist()
        }


def test_detection_rolls_up_to_each_dimension_and_to_the_week(kpis_of, ns) -> None:
    """Detail, each dimension alone and the week: these five combinations, and no other."""
    start = ns("2026-01-14T09:00")
    tables = kpis_of(
        [incident("inc-1", start, detected=1)],
        incident_context=[
            {"incident_id": "inc-1", "service": "checkout-api", "severity": 5, "environment": "production"}
        ],
    )
    rows = tables["kpis.weekly_mttd"].to_pylist()
    assert [
        ("all", "all", "all"),
        ("all", "all", "production"),
        ("all", "critical", "all"),
        ("checkout-api", "all", "all"),
        ("checkout-api", "critical", "production"),
    ] == [(r["service"], r["severity"], r["environment"]) for r in rows]


def test_a_service_named_all_is_not_taken_for_the_roll_up(kpis_of, ns) -> None:
    """Our own words stay ours: a component of that name keeps its kind in front."""
    tables = kpis_of(
        [incident("inc-1", ns("2026-01-14T09:00"), detected=1)],
        incident_context=[{"incident_id": "inc-1", "service": "all"}],
    )
    assert {"all", "component:all"} == set(tables["kpis.weekly_mttd"].column("service").to_pylist())


@pytest.mark.parametrize(
    ("n", "ranks"),
    [(0, None), (5, None), (6, (1, 6)), (9, (2, 8)), (10, (2, 9)), (25, (8, 18)), (100, (40, 61))],
)
def test_ranks_of_the_interval_are_the_published_ones(n, ranks) -> None:
    """The ranks agree with printed tables of the sign test."""
    assert ranks == median_ranks(n)


@given(st.integers(min_value=6, max_value=400))
def test_the_interval_reaches_95_percent_and_no_narrower_one_does(n) -> None:
    """Exact coverage by fractions: at least 19/20, and less than that one rank further in."""
    low, high = median_ranks(n)

    def coverage(k: int) -> Fraction:
        return 1 - Fraction(2 * sum(comb(n, i) for i in range(k)), 2**n)

    assert n + 1 == low + high
    assert coverage(low) >= Fraction(19, 20) > coverage(low + 1)


step = st.one_of(st.none(), st.integers(min_value=-5_000, max_value=20_000))
histories = st.lists(
    st.tuples(step, step, step, step, st.sampled_from(["rollout", "security"])), min_size=1, max_size=30
)


@pytest.mark.slow
@settings(max_examples=15)
@given(histories)
def test_every_incident_counts_once_and_the_interval_holds_the_median(kpis_of, ns, history) -> None:
    """Measured, open and excluded add up to all incidents; figures agree with an independent count."""
    start = ns("2025-12-30T12:00")
    rows = [
        {
            **incident(f"inc-{i:02}", start),
            "incident_type": kind,
            **{
                key: None if minute is None else start + minute * MINUTE
                for key, minute in zip(
                    ("started_at", "detected_at", "mitigated_at", "resolved_at"), minutes, strict=True
                )
            },
        }
        for i, (*minutes, kind) in enumerate(history)
    ]
    tables = kpis_of(rows)
    assert tables == kpis_of(rows[::-1])
    weeks_of = {
        "kpis.weekly_mttd": ("service", "started_at", "detected_at"),
        "kpis.weekly_mttr": ("incident_type", "detected_at", "resolved_at"),
        "kpis.weekly_dwell_time": ("incident_type", "started_at", "mitigated_at"),
    }
    for name, (dimension, begin, end) in weeks_of.items():
        totals = [
            row
            for row in tables[name].to_pylist()
            if row[dimension] == "all"
            and row.get("severity", "all") == row.get("environment", "all") == "all"
        ]
        assert len(rows) == sum(r["n"] + r["open_count"] + r["excluded_count"] for r in totals)
        assert sorted(r["incident_id"] for r in rows) == sorted(i for r in totals for i in r["incident_ids"])
        by_id = {row["incident_id"]: row for row in rows}
        for total in totals:
            spans = [
                (by_id[i][end] - by_id[i][begin]) // 1_000_000_000
                for i in total["incident_ids"]
                if None not in (by_id[i][begin], by_id[i][end]) and by_id[i][begin] <= by_id[i][end]
            ]
            assert len(spans) == total["n"]
            if spans:
                assert statistics.median(spans) == total["median_seconds"]
            if total["sufficiency"] == "sufficient":
                low, high = total["interval_low_seconds"], total["interval_high_seconds"]
                assert low <= total["median_seconds"] <= high
