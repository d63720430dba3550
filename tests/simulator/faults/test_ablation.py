"""Ablation says what would have been decided had a source never been there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from evidence import enrichment, quality
from evidence.decision import decide
from evidence.decision.codes import Recommendation
from evidence.decision.matrix import Mode, Option
from evidence.tables import Tables, arrow_schema, open_memory, register
from expectations.tables.ablations import ABLATIONS, CATALOGUE
from simulator.faults.ablation import ablate, sentences
from simulator.faults.variants import Decided

from ..recordings import active, incident_ids, recorded, recorded_settings

RELEASE = "inc-0102-checkout-bad-release"

Row = dict[str, Any]


@cache
def ablated() -> pa.Table:
    """The ablation of the recorded incidents under the active playbook."""
    with closing(open_memory()) as connection:
        register(connection, recorded())
        return ablate(connection, recorded_settings(), active())


def rows_by_key() -> dict[tuple[str, str], Row]:
    return {(row["incident_id"], row["source"]): row for row in ablated().to_pylist()}


def decided_from(tables: Tables) -> dict[str, Row]:
    """Decisions by incident, through the whole stages and without any variant."""
    with closing(open_memory()) as connection:
        register(connection, tables)
        register(connection, quality.build_completeness(connection))
        register(
            connection,
            enrichment.build(connection, recorded_settings(), active().grading, active().detections),
        )
        return {
            row["incident_id"]: row for row in decide(connection, active())["decision.decisions"].to_pylist()
        }


def without(source: str) -> Tables:
    """The recording with a source's events and gaps taken out by hand."""
    tables = recorded()
    taken = {
        name: tables[name].filter(pc.not_equal(tables[name].column("source"), source))
        for name in ("intake.evidence_events", "intake.declared_gaps")
    }
    return {**tables, **taken}


@pytest.fixture
def published() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads the ablations as published."""
    with closing(open_memory()) as connection:
        register(connection, {"replay.ablations": ablated()})
        yield connection


SIDE = ("option", "action", "mode", "approvers", "decided_at")


def test_the_table_is_what_its_contract_says() -> None:
    """Columns and types as declared, keys unique and in order, closed lists kept."""
    table = ablated()
    assert arrow_schema(ABLATIONS) == table.schema
    keys = [(row["incident_id"], row["source"]) for row in table.to_pylist()]
    assert sorted(set(keys)) == keys
    for column in ABLATIONS.columns:
        if column.allowed:
            assert set(table.column(column.name).to_pylist()) <= set(column.allowed)


def test_every_source_of_every_incident_is_left_out_and_the_catalogue_too() -> None:
    """One row per source that is in the incident's evidence, with how much of it there is."""
    counts: dict[tuple[str, str], int | None] = dict.fromkeys((name, CATALOGUE) for name in incident_ids())
    for row in recorded()["intake.evidence_events"].to_pylist():
        key = (row["incident_id"], row["source"])
        counts[key] = (counts.get(key) or 0) + 1
    assert counts == {key: row["event_count"] for key, row in rows_by_key().items()}


def test_with_all_evidence_the_decision_is_the_published_one() -> None:
    """The side that nothing is left out of is the decision stage's own decision."""
    published = decided_from(recorded())
    for (incident_id, _), row in rows_by_key().items():
        assert [published[incident_id][name] for name in SIDE] == [row[name] for name in SIDE]


@pytest.mark.parametrize("source", ["argocd", "tempo"])
def test_without_a_source_the_decision_is_that_of_a_recording_that_never_had_it(source: str) -> None:
    """Taking the source's rows out by hand and running the stages decides the same."""
    decided = decided_from(without(source))
    own = {key[0]: row for key, row in rows_by_key().items() if key[1] == source}
    expected = {name: [decided[name][each] for each in SIDE] for name in own}
    assert expected == {name: [row[f"without_{each}"] for each in SIDE] for name, row in own.items()}
    assert own != {}


def test_the_difference_is_the_first_that_holds() -> None:
    """Action before approval before moment; none only where the whole tuple is the same."""
    for row in rows_by_key().values():
        whole = [row[name] for name in SIDE]
        other = [row[f"without_{name}"] for name in SIDE]
        expected = (
            "action"
            if whole[1] != other[1]
            else "approval"
            if whole[2:4] != other[2:4]
            else "moment"
            if whole[4] != other[4]
            else "none"
        )
        assert expected == row["difference"]
        assert int((other[4] - whole[4]) / 1_000_000_000) == row["later_seconds"]


@pytest.mark.parametrize(
    ("action", "mode", "approvers", "is_riskier"),
    [
        ("roll_back_release", Mode.POLICY_GATED, ("app_owner",), False),
        ("cordon_and_drain_node", Mode.APPROVAL_REQUIRED, ("cloud_team",), False),
        ("revoke_broad_permissions", Mode.APPROVAL_REQUIRED, ("cloud_team",), True),
        ("roll_back_release", Mode.AUTOMATIC, ("app_owner",), True),
        ("roll_back_release", Mode.APPROVAL_REQUIRED, (), True),
        ("roll_back_release", Mode.APPROVAL_REQUIRED, ("app_owner", "legal"), False),
        ("keep_watching", Mode.AUTOMATIC, (), False),
    ],
)
def test_a_decision_that_reaches_further_or_needs_less_approval_is_riskier(
    action: str, mode: Mode, approvers: tuple[str, ...], is_riskier: bool
) -> None:
    """Compared with a rollback behind a policy that the application's owner approves."""
    whole = Recommendation(
        "roll_back_release",
        Option.CONTAIN,
        Mode.POLICY_GATED,
        ("app_owner",),
        True,
        active().rung("roll_back_release"),
    )
    other = Recommendation(
        action, active().actions[action].option, mode, approvers, True, active().rung(action)
    )
    assert is_riskier is Decided(other, 0).is_riskier_than(Decided(whole, 0))


def test_rows_mark_what_is_riskier_without_the_source() -> None:
    """Every row whose action without the source stands on a higher rung is marked, and no passive one is."""
    rows = rows_by_key().values()
    for row in rows:
        rungs = [active().rung(row[name]) for name in ("action", "without_action")]
        if rungs[0] != rungs[1]:
            assert (rungs[1] > rungs[0]) is row["is_riskier"]
    assert {"none"} == {row["difference"] for row in rows} - {"action", "approval", "moment"}


def test_sentences_name_what_would_have_been_decided_instead(published: duckdb.DuckDBPyConnection) -> None:
    """What matters most comes first, what made no difference in one sentence at the end."""
    said = sentences(published, RELEASE, active())
    assert (
        "Without argocd: gather_logs_and_traces (automatic) instead of roll_back_release (policy-gated), "
        "44 s earlier."
    ) in said
    assert "Without github, kubernetes_events, loki, pagerduty or tempo: no difference." == said[-1]


def test_every_sentence_is_of_a_row(published: duckdb.DuckDBPyConnection) -> None:
    """Each source of each incident is named once."""
    for incident_id in incident_ids():
        text = " ".join(sentences(published, incident_id, active()))
        sources = [source for name, source in rows_by_key() if name == incident_id]
        named = [word.strip(",:") for word in text.split()]
        assert sources == sorted(word for word in named if word in sources)


@pytest.mark.parametrize("has_digest", [True, False], ids=["edited", "published by an earlier version"])
def test_ablations_of_another_playbook_are_left_out(has_digest: bool) -> None:
    """What a source was worth to one playbook says nothing of another; what renews it is named."""
    playbook = active().playbook
    edited = replace(active(), playbook=playbook.model_copy(update={"need": playbook.need + 1}))
    with closing(open_memory()) as connection:
        table = ablated() if has_digest else ablated().drop_columns("bundle_digest")
        register(connection, {"replay.ablations": table})
        (said,) = sentences(connection, RELEASE, edited)
    other = f"the playbook with digest {active().digest[:12]}" if has_digest else "another playbook"
    this = f"v3 ({edited.digest[:12]})"
    assert (
        f"Left out: {other} decided what is published, and this is {this}. `evidence run` decides anew."
        == said
    )


def test_an_incident_without_ablations_says_nothing(published: duckdb.DuckDBPyConnection) -> None:
    """Nothing is made up for an incident that is not in the table."""
    assert [] == sentences(published, "inc-nowhere", active())


@pytest.mark.slow
def test_the_order_of_the_evidence_changes_nothing() -> None:
    """The same events in another order give the same table."""
    events = recorded()["intake.evidence_events"]
    backwards = events.take(list(range(events.num_rows))[::-1])
    with closing(open_memory()) as connection:
        register(connection, {**recorded(), "intake.evidence_events": backwards})
        assert ablated().equals(ablate(connection, recorded_settings(), active()))
