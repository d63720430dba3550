"""Variants of recorded history: each alteration does what it says, and nobody else notices."""

from __future__ import annotations

from contextlib import closing
from functools import cache
from typing import Any

import pytest

from evidence import enrichment, quality
from evidence.errors import ContractError
from evidence.tables import open_memory, register
from simulator.faults.variants import Alteration, Kind, Variant, open_variants, without_catalogue

from ..recordings import active, incident_ids, matched, recorded, recorded_settings

SECOND = 1_000_000_000
SHELL, RELEASE, CREDENTIAL = (
    "inc-0101-checkout-shell",
    "inc-0102-checkout-bad-release",
    "inc-0103-ci-temporary-credential",
)

Rows = list[dict[str, Any]]


def rows_of(*variants: Variant, table: str = "intake.evidence_events") -> dict[str, Rows]:
    """The rows of a table by the names of the variants."""
    with closing(
        open_variants(recorded(), variants, recorded_settings(), active().grading, matched())
    ) as connection:
        rows = connection.sql(f"from {table} order by all").to_arrow_table().to_pylist()
    found: dict[str, Rows] = {variant.name: [] for variant in variants}
    for row in rows:
        incident_id, _, name = row.pop("incident_id").partition("#")
        found[name].append({**row, "incident_id": incident_id})
    return found


@cache
def late() -> int:
    """A moment by which half of the release's metrics had arrived."""
    arrivals = sorted(row["known_at"] for row in as_recorded("prometheus"))
    return int(arrivals[len(arrivals) // 2])


def as_recorded(source: str) -> Rows:
    rows = recorded()["intake.evidence_events"].to_pylist()
    own = [row for row in rows if row["incident_id"] == RELEASE and row["source"] == source]
    return sorted(own, key=lambda row: str(row["event_id"]))


@cache
def releases() -> dict[str, Rows]:
    """Every alteration that these tests look at, made of one incident in one run."""
    made = [
        ("dropped", Alteration("prometheus", Kind.DROPPED), None),
        ("delayed", Alteration("argocd", Kind.DELAYED, 900), None),
        ("fast", Alteration("argocd", Kind.SKEWED, 600), None),
        ("slow", Alteration("argocd", Kind.SKEWED, -600), None),
        (Kind.HEAD_CUT, Alteration("loki", Kind.HEAD_CUT, 50), None),
        (Kind.TAIL_CUT, Alteration("loki", Kind.TAIL_CUT, 50), None),
        ("reordered", Alteration("kubernetes_events", Kind.REORDERED, 7), None),
        ("duplicated", Alteration("alertmanager", Kind.DUPLICATED, 60), None),
        *((f"late-{kind}", Alteration("prometheus", kind, 40), late()) for kind in Kind),
    ]
    return rows_of(*(Variant(RELEASE, name, (each,), after) for name, each, after in made))


def altered(name: str, source: str) -> tuple[Rows, Rows]:
    """The release's events of the source, as recorded and as altered, in order of the event's id."""
    as_is, rows = as_recorded(source), releases()[name]
    changed = [row for row in rows if row["source"] == source]
    return as_is, sorted(changed, key=lambda row: str(row["event_id"]))


def times(rows: Rows) -> list[tuple[int, int]]:
    return [(row["event_time"], row["known_at"]) for row in rows]


@pytest.mark.slow
def test_a_variant_without_alterations_has_the_recorded_states() -> None:
    """Hundreds of variants in one run change no row of the recorded incidents among them."""
    dropping = [
        Variant(name, str(number), (Alteration("pagerduty", Kind.DROPPED),))
        for name in incident_ids()
        for number in range(5)
    ]
    alike = [Variant(name, "as-is") for name in incident_ids()]
    found = rows_of(*alike, *dropping, table="enrichment.incident_states")["as-is"]
    connection = open_memory()
    register(connection, recorded())
    register(connection, quality.build_completeness(connection))
    tables = enrichment.build(connection, recorded_settings(), active().grading, active().detections)
    alone = tables["enrichment.incident_states"]
    in_order = sorted(found, key=lambda row: (row["incident_id"], row["moment"]))
    assert alone.to_pylist() == [{name: row[name] for name in alone.column_names} for row in in_order]


def test_an_altered_incident_has_the_same_states_alone_and_among_others() -> None:
    """Enrichment treats incidents, and so variants, independently."""
    one = Variant(RELEASE, "x", (Alteration("prometheus", Kind.DELAYED, 300),))
    others = [Variant(name, "x", (Alteration("loki", Kind.DROPPED),)) for name in (SHELL, CREDENTIAL)]
    among = rows_of(one, *others, table="enrichment.incident_states")["x"]
    alone = rows_of(one, table="enrichment.incident_states")["x"]
    assert alone == [row for row in among if row["incident_id"] == RELEASE]
    assert alone != []


def test_a_dropped_source_is_not_there() -> None:
    """No event of a dropped source is left."""
    as_is, changed = altered("dropped", "prometheus")
    assert [] == changed
    assert as_is != []


def test_a_dropped_source_takes_its_gaps_with_it() -> None:
    """What a source never sent cannot say what it lacks; other sources' gaps stay."""
    gaps = recorded()["intake.declared_gaps"].to_pylist()
    declaring = sorted({(row["incident_id"], row["source"]) for row in gaps})
    variants = [Variant(name, source, (Alteration(source, Kind.DROPPED),)) for name, source in declaring]
    found = rows_of(*variants, table="intake.declared_gaps")
    left = {(row["incident_id"], without, row["source"]) for without, rows in found.items() for row in rows}
    expected = {
        (name, without, source)
        for name, without in declaring
        for other, source in declaring
        if other == name and source != without
    }
    assert expected == left
    assert len(declaring) > 1


def test_a_dropped_source_takes_its_refused_records_with_it() -> None:
    """A record that could not be read is gone with its export."""
    formats = {row["file_sha256"]: row["format"] for row in recorded()["intake.files"].to_pylist()}
    quarantine = recorded()["intake.quarantine"].to_pylist()
    one = next(row for row in quarantine if formats[row["file_sha256"]] == "falco_json")
    variants = (
        Variant(one["incident_id"], "as-is"),
        Variant(one["incident_id"], "x", (Alteration("falco", Kind.DROPPED),)),
    )
    found = rows_of(*variants, table="intake.quarantine")
    assert [row for row in found["as-is"] if formats[row["file_sha256"]] != "falco_json"] == found["x"]


def test_a_delayed_source_arrives_later_and_happens_when_it_did() -> None:
    """Delay moves the arrival alone."""
    as_is, changed = altered("delayed", "argocd")
    assert [(at, known_at + 900 * SECOND) for at, known_at in times(as_is)] == times(changed)


@pytest.mark.parametrize(("name", "seconds"), [("slow", -600), ("fast", 600)])
def test_a_skewed_clock_moves_the_event_and_no_arrival_before_it(name: str, seconds: int) -> None:
    """A source's clock says when it happened; only what would arrive before that arrives later."""
    as_is, changed = altered(name, "argocd")
    moved = [(at + seconds * SECOND, known_at) for at, known_at in times(as_is)]
    assert [(at, max(at, known_at)) for at, known_at in moved] == times(changed)


@pytest.mark.parametrize("kind", [Kind.HEAD_CUT, Kind.TAIL_CUT])
def test_a_cut_export_lacks_that_share_of_its_records_at_one_end(kind: Kind) -> None:
    """Of every export the first or last half is gone, and the rest is as it was."""
    as_is, changed = altered(kind, "loki")
    by_file: dict[str, Rows] = {}
    for row in as_is:
        by_file.setdefault(row["path"], []).append(row)
    kept = []
    for rows in by_file.values():
        rows.sort(key=lambda row: (row["ordinal"], row["event_time"], row["event_id"]))
        lost = -(-len(rows) // 2)
        kept += rows[lost:] if kind is Kind.HEAD_CUT else rows[:-lost]
    assert sorted(row["event_id"] for row in kept) == [row["event_id"] for row in changed]
    assert 0 < len(changed) < len(as_is)


def test_reordered_records_arrive_in_each_others_place() -> None:
    """The arrivals are the recorded ones in another order, none before its event."""
    as_is, changed = altered("reordered", "kubernetes_events")
    assert [at for at, _ in times(as_is)] == [at for at, _ in times(changed)]
    assert times(as_is) != times(changed)
    assert {known_at for _, known_at in times(changed)} <= {each for pair in times(as_is) for each in pair}
    assert [] == [pair for pair in times(changed) if pair[1] < pair[0]]


def test_a_duplicated_source_says_everything_twice() -> None:
    """Each record comes a second time, later and under another identity."""
    as_is, changed = altered("duplicated", "alertmanager")
    known = {row["event_id"] for row in as_is}
    copies = [row for row in changed if row["event_id"] not in known]
    assert as_is == [row for row in changed if row["event_id"] in known]
    assert sorted((at, known_at + 60 * SECOND) for at, known_at in times(as_is)) == sorted(times(copies))


@pytest.mark.parametrize("kind", list(Kind))
def test_what_arrived_by_the_moment_is_untouched_by_every_kind(kind: Kind) -> None:
    """With `after`, earlier arrivals stay as they were and no altered one comes before them."""
    as_is, changed = altered(f"late-{kind}", "prometheus")
    earlier = [[row for row in rows if row["known_at"] <= late()] for rows in (as_is, changed)]
    assert earlier[0] == earlier[1]
    assert as_is != changed


def test_an_alteration_leaves_the_other_sources_alone() -> None:
    """What is altered is the named source and nothing else."""
    rows = recorded()["intake.evidence_events"].to_pylist()
    others = [row for row in rows if row["incident_id"] == RELEASE and row["source"] != "loki"]
    expected = {row["event_id"]: row for row in others}
    for kind in (Kind.HEAD_CUT, Kind.TAIL_CUT):
        assert expected == {row["event_id"]: row for row in releases()[kind] if row["source"] != "loki"}


def test_without_the_catalogue_no_owner_is_known() -> None:
    """The same evidence with nothing catalogued names no owner and nobody who depends on it."""
    empty = without_catalogue(recorded())
    variants = [Variant(name, "x") for name in incident_ids()]
    with closing(
        open_variants(empty, variants, recorded_settings(), active().grading, matched())
    ) as connection:
        known = connection.execute(
            "select count(*), count(owner), count(blast_radius) from enrichment.incident_states"
        ).fetchall()
    assert [(known[0][0], 0, 0)] == known
    assert known[0][0] > 0


def test_two_variants_of_one_name_are_refused() -> None:
    """An incident id stands for one history."""
    with pytest.raises(ContractError, match="same name"):
        open_variants(
            recorded(), [Variant(SHELL, "x"), Variant(SHELL, "x")], recorded_settings(), active().grading
        )
