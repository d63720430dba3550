"""Hits under faults: what rules find vanishes and shifts with the records that it rests on, exactly."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pyarrow as pa
import pytest

from evidence import enrichment, quality
from evidence.tables import open_memory, register
from simulator.faults.variants import Alteration, Kind, Variant, open_variants

from ..recordings import active, incident_ids, matched, recorded, recorded_settings

SECOND = 1_000_000_000
LATERAL, MINING, SHELL = "inc-0119-lateral-movement", "inc-0118-ci-runner-mining", "inc-0101-checkout-shell"
REFUSED = "Service account refused in several namespaces"
ACROSS = "Command run in a pod, and then a program that is not of its image"

Signals = dict[str, dict[str, Any]]


def rule_signals(*variants: Variant) -> dict[str, Signals]:
    """Per variant the first hit of each rule, by title."""
    opened = open_variants(recorded(), variants, recorded_settings(), active().grading, matched())
    with closing(opened) as connection:
        rows = connection.sql(
            "select incident_id, signal_name, source, event_ids, known_at from signal_hits"
            " where rule_origin = 'rule' order by known_at desc, event_id desc"
        ).to_arrow_table()
    found: dict[str, Signals] = {variant.id: {} for variant in variants}
    for row in rows.to_pylist():
        found[row["incident_id"]][row["signal_name"]] = row
    return found


def altered(incident: str, source: str, kind: Kind, amount: int = 0) -> tuple[Signals, Signals]:
    """The rules' signals as recorded, and with one source altered."""
    whole, other = Variant(incident, "whole"), Variant(incident, "x", (Alteration(source, kind, amount),))
    found = rule_signals(whole, other)
    return found[whole.id], found[other.id]


def test_without_a_tool_its_hits_are_gone_and_others_stay() -> None:
    """Also those that need it beside another tool."""
    whole, without = altered(SHELL, "kubernetes_audit", Kind.DROPPED)
    rests_on_falco = {name for name, row in whole.items() if row["source"] == "falco"} - {ACROSS}
    assert ACROSS in whole
    assert rests_on_falco == without.keys()


def test_a_late_tool_has_late_hits() -> None:
    """Each by the delay, and all that is needed is still there."""
    whole, late = altered(LATERAL, "kubernetes_audit", Kind.DELAYED, 3600)
    assert whole.keys() == late.keys()
    shifts = {name: (late[name]["known_at"] - row["known_at"]) // SECOND for name, row in whole.items()}
    assert 3600 == shifts[REFUSED]
    assert {0, 3600} == set(shifts.values())


def test_a_correlation_is_gone_when_too_little_of_it_is_left() -> None:
    """The count is taken of what is left of the export."""
    whole, cut = altered(LATERAL, "kubernetes_audit", Kind.HEAD_CUT, 90)
    assert REFUSED in whole
    assert REFUSED not in cut


@pytest.mark.slow
def test_no_fault_adds_a_hit_where_nothing_arrives_twice() -> None:
    """What is lost, late or out of order never makes a rule true of more."""
    faults = ((Kind.DROPPED, 0), (Kind.HEAD_CUT, 30), (Kind.TAIL_CUT, 30), (Kind.DELAYED, 600))
    for incident, source in ((LATERAL, "falco"), (MINING, "aws_cloudtrail"), (MINING, "falco")):
        for kind, amount in faults:
            whole, other = altered(incident, source, kind, amount)
            assert other.keys() <= whole.keys()
            assert all(other[name]["known_at"] >= whole[name]["known_at"] for name in other)


def test_hits_of_a_variant_without_faults_are_those_of_a_run() -> None:
    """Name, event, moment and all that they rest on, for every recorded incident."""
    connection = open_memory()
    register(connection, recorded())
    register(connection, quality.build_completeness(connection))
    given = (recorded_settings(), active().grading, active().detections)
    table: pa.Table = enrichment.build(connection, *given)["enrichment.signals"]
    run = {
        (row["incident_id"], row["signal_name"], row["known_at"], tuple(row["event_ids"]))
        for row in table.to_pylist()
        if row["rule_origin"] == "rule"
    }
    variants = [Variant(name, "as-is") for name in incident_ids()]
    opened = open_variants(recorded(), variants, recorded_settings(), active().grading, matched())
    with closing(opened) as varied:
        rows = varied.sql("from signal_hits where rule_origin = 'rule'").to_arrow_table().to_pylist()
    assert run == {
        (row["incident_id"].partition("#")[0], row["signal_name"], row["known_at"], tuple(row["event_ids"]))
        for row in rows
    }
    assert len(run) > 30
