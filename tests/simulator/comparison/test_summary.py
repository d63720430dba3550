"""The figures of a comparison are those of its incidents, counted otherwise."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from statistics import median_low
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from evidence.tables import open_memory
from simulator.comparison.classification import CLASSES, classify
from simulator.comparison.model import ChangeClass, ChangeKind
from simulator.comparison.summary import summarise
from simulator.comparison.summary_model import PairedCount, Summary
from tests.decision.deciding import mini

from ..comparisons import change
from ..worlds import ERRORS_ONLY, RESTARTED, SURE, edited, world

SECOND = 1_000_000_000
OPTIONS = ("contain", "enrich", "monitor")
ROLES = ("app_owner", "cloud_team", "legal")
SCHEMA = pa.schema(
    [
        ("incident_id", pa.string()),
        ("expected_option", pa.string()),
        *(
            (f"{side}_{name}", kind)
            for side in ("baseline", "candidate")
            for name, kind in (
                ("option", pa.string()),
                ("mode", pa.int32()),
                ("reach", pa.int32()),
                ("approvers", pa.list_(pa.string())),
                ("decided_at", pa.int64()),
            )
        ),
        ("is_decision_changed", pa.bool_()),
        ("is_path_changed", pa.bool_()),
        ("classes", pa.list_(pa.string())),
    ]
)

Row = dict[str, Any]


def classes_table(rows: Sequence[Row]) -> duckdb.DuckDBPyConnection:
    """A connection with the table that `classify` leaves, as far as a summary reads it."""
    connection = open_memory()
    connection.register("made_rows", pa.Table.from_pylist(list(rows), schema=SCHEMA))
    connection.execute(f"create temp table {CLASSES} as from made_rows").fetchall()
    return connection


def made_rows(count: int, seed: int) -> list[Row]:
    """Incidents of which everything is drawn, so that every figure has gains and losses."""
    generator = random.Random(seed)
    return [_row(f"inc-{number:05}", generator) for number in range(count)]


def _row(incident_id: str, generator: random.Random) -> Row:
    row: Row = {"incident_id": incident_id, "expected_option": generator.choice((*OPTIONS, None))}
    for side in ("baseline", "candidate"):
        row |= {
            f"{side}_option": generator.choice(OPTIONS),
            f"{side}_mode": generator.randrange(3),
            f"{side}_reach": generator.choice((0, 4)),
            f"{side}_approvers": generator.sample(ROLES, generator.randrange(3)),
            f"{side}_decided_at": generator.randrange(-90, 600) * SECOND // 2,
        }
    kind = generator.choice(("decision", "path", "same"))
    classes = [each.value for each in ChangeClass if each is not ChangeClass.COSMETIC]
    return row | {
        "is_decision_changed": kind == "decision",
        "is_path_changed": kind != "same",
        "classes": sorted(generator.sample(classes, 2), key=classes.index) if kind == "decision" else [],
    }


def counted(rows: Sequence[Row], has: Any) -> tuple[int, int, int, int, int]:
    """Incidents, with it before, with it now, gained and lost; one by one."""
    pairs = [(bool(has(row, "baseline")), bool(has(row, "candidate"))) for row in rows]
    return (
        len(pairs),
        sum(before for before, _ in pairs),
        sum(now for _, now in pairs),
        sum(now and not before for before, now in pairs),
        sum(before and not now for before, now in pairs),
    )


def figures(paired: PairedCount) -> tuple[int, int, int, int, int]:
    return (
        paired.incident_count,
        paired.baseline_count,
        paired.candidate_count,
        paired.gained_count,
        paired.lost_count,
    )


@pytest.mark.parametrize("seed", range(4))
def test_paired_counts_are_those_of_the_incidents(seed: int) -> None:
    """Approvals, automation, activity and labels, counted in SQL and one by one."""
    rows = made_rows(60, seed)
    found = summarise(classes_table(rows), ())
    labelled = [row for row in rows if row["expected_option"]]
    assert counted(rows, lambda row, side: row[f"{side}_mode"] == 2) == figures(found.approval_required)
    assert counted(rows, lambda row, side: row[f"{side}_mode"] == 0) == figures(found.automatic)
    assert counted(rows, lambda row, side: row[f"{side}_reach"] > 0) == figures(found.active)
    assert counted(rows, lambda row, side: row[f"{side}_reach"] > 0 and row[f"{side}_mode"] == 0) == figures(
        found.unattended
    )
    assert counted(labelled, lambda row, side: row[f"{side}_option"] == row["expected_option"]) == figures(
        found.labelled_right
    )
    assert len(rows) - len(labelled) == found.unlabelled_count


@pytest.mark.parametrize("seed", range(4))
def test_classes_roles_and_times_are_those_of_the_incidents(seed: int) -> None:
    """The class that names a change, every class that fits, who is asked, and by how much decisions move."""
    rows = made_rows(61, seed)
    found = summarise(classes_table(rows), ())
    assert Counter(row["classes"][0] for row in rows if row["classes"]) == Counter(found.classes)
    assert Counter(each for row in rows for each in row["classes"]) == Counter(found.all_classes)
    asked = {
        side: Counter(role for row in rows if row[f"{side}_mode"] == 2 for role in row[f"{side}_approvers"])
        for side in ("baseline", "candidate")
    }
    assert [
        (role, asked["baseline"][role], asked["candidate"][role])
        for role in sorted({*asked["baseline"], *asked["candidate"]})
    ] == [(load.role, load.baseline_count, load.candidate_count) for load in found.role_loads]
    shifts = sorted(_seconds(row["candidate_decided_at"] - row["baseline_decided_at"]) for row in rows)
    times = found.time_to_decision
    assert (sum(shift < 0 for shift in shifts), sum(shift > 0 for shift in shifts)) == (
        times.earlier_count,
        times.later_count,
    )
    assert (median_low(shifts), shifts[-(-9 * 61 // 10) - 1]) == (times.median_seconds, times.p90_seconds)


def _seconds(nanoseconds: int) -> int:
    """Whole seconds towards nought."""
    return abs(nanoseconds) // SECOND * (1 if nanoseconds > 0 else -1)


def test_every_incident_is_counted_once() -> None:
    """As a changed decision, a changed path, a cosmetic difference, or the same."""
    rows = made_rows(60, 9)
    cosmetic = [change("inc-x", kind=ChangeKind.COSMETIC, classes=(ChangeClass.COSMETIC,))]
    found = summarise(classes_table(rows), cosmetic)
    assert 60 == found.decision_count + found.path_count + found.cosmetic_count + found.same_count
    assert (1, 1) == (found.cosmetic_count, found.classes["cosmetic"])
    assert sum(row["is_path_changed"] and not row["is_decision_changed"] for row in rows) == found.path_count


def test_classes_are_told_gravest_first() -> None:
    """In the order of the classes, whatever the alphabet says."""
    found = summarise(classes_table(made_rows(200, 1)), ())
    order = [each.value for each in ChangeClass]
    assert sorted(found.all_classes, key=order.index) == list(found.all_classes)


def test_an_empty_history_has_no_figures_but_counts_of_nought() -> None:
    """Nothing is divided by nought, and every figure that needs values is null."""
    found = summarise(classes_table([]), ())
    assert 0 == found.incident_count == found.same_count
    assert (None, None, None) == (
        found.time_to_decision.median_seconds,
        found.time_to_decision.p90_seconds,
        found.approval_required.difference,
    )


def compared(candidate: Any, *, incident_count: int = 8) -> Summary:
    """The small bundle against the candidate, on incidents that all say the same."""
    names = [f"inc-{number}" for number in range(incident_count)]
    states = {name: [SURE, RESTARTED] if number % 2 else [ERRORS_ONLY] for number, name in enumerate(names)}
    columns = {name: {"label_expected_option": "contain"} for name in names}
    connection = world(states, **columns)
    classify(connection, (mini(), candidate))
    return summarise(connection, ())


def test_a_bundle_compared_with_itself_changes_nothing() -> None:
    """No count, no class, no discordant pair, and so no p."""
    found = compared(mini())
    assert (8, 8, 0, 0) == (found.incident_count, found.same_count, found.decision_count, found.path_count)
    assert ({}, {}) == (found.classes, found.all_classes)
    for each in (
        found.approval_required,
        found.automatic,
        found.active,
        found.unattended,
        found.labelled_right,
    ):
        assert (0, 0, None) == (each.gained_count, each.lost_count, each.p_value)
        assert each.baseline_count == each.candidate_count
    assert (0, 0, 8) == (
        found.time_to_decision.earlier_count,
        found.time_to_decision.later_count,
        found.time_to_decision.same_count,
    )


def test_an_approval_that_is_asked_for_shows_in_the_load() -> None:
    """Half of the incidents restart something; the candidate asks the application's owner first."""
    found = compared(edited(actions__restart__mode="approval_required"))
    assert (8, 0, 4, 4, 0) == figures(found.approval_required)
    assert (8, 4, 0, 0, 4) == figures(found.unattended)
    assert [("app_owner", 0, 4)] == [
        (load.role, load.baseline_count, load.candidate_count) for load in found.role_loads
    ]
    assert {"approval-strengthening": 4} == found.classes


@pytest.mark.slow
def test_flipping_the_signs_of_recorded_pairs_rejects_at_most_at_the_level() -> None:
    """Which side is the baseline is drawn per incident: then no figure may be found changed too often."""
    generator = random.Random(3)
    rejected, rounds = 0, 60
    for _ in range(rounds):
        rows = [_swapped(row) if generator.random() < 0.5 else row for row in made_rows(80, 5)]
        found = summarise(classes_table(rows), ())
        for name in ("approval_required", "automatic", "active", "unattended", "labelled_right"):
            rejected += Decimal(getattr(found, name).p_value) <= Decimal("0.05")
    assert 0 < rejected <= rounds * 5 * 0.05


def _swapped(row: Row) -> Row:
    sides = {"baseline": "candidate", "candidate": "baseline"}
    return {
        **row,
        **{
            f"{other}_{name.partition('_')[2]}": value
            for name, value in row.items()
            if (other := sides.get(name.partition("_")[0]))
        },
    }


@pytest.mark.parametrize(
    ("labels", "note"),
    [
        (0, "unlabelled: no reviewer has said what would have been right, so that nothing can regress."),
        (5, "too few labelled incidents: with 5 the test rejects nothing, whatever changes."),
        (7, "unlabelled: 3 of 10 incidents count for no verdict on correctness."),
        (
            10,
            "With 10 labelled incidents a change in correctness is found four times in five only from "
            "67.4 % on, all of it one way.",
        ),
    ],
)
def test_the_notes_say_what_the_figures_cannot_show(labels: int, note: str) -> None:
    """In words, where labels are missing or too few."""
    rows = [
        {**row, "expected_option": "contain" if number < labels else None}
        for number, row in enumerate(made_rows(10, 2))
    ]
    assert note in summarise(classes_table(rows), ()).notes


def test_too_few_incidents_are_called_so() -> None:
    """Five have no interval."""
    found = summarise(classes_table(made_rows(5, 2)), ())
    assert "too few incidents: with 5 no interval reaches 95 %." in found.notes
    assert found.approval_required.difference is None
    assert found.time_to_decision.median_interval is None


def test_many_incidents_are_summed_up_quickly() -> None:
    """A hundred thousand incidents take seconds of CPU at most."""
    connection = classes_table(made_rows(2_000, 4))
    connection.execute(
        f"create temp table many as select rows.* replace (incident_id || '-' || copy as incident_id)"
        f" from {CLASSES} as rows, range(50) as copies(copy)"
    ).fetchall()
    connection.execute(f"drop table {CLASSES}").fetchall()
    connection.execute(f"alter table many rename to {CLASSES}").fetchall()
    start = time.process_time()
    assert 100_000 == summarise(connection, ()).incident_count
    assert time.process_time() - start < 8
