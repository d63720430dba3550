"""Replay and production decide by one kernel, on the recorded incidents themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from evidence import enrichment, intake
from evidence.decision import Bundle, decide, load_active
from evidence.decision.codes import Recommendation
from evidence.quality.stage import build_completeness
from evidence.settings import load_settings
from evidence.tables import open_memory, register
from simulator.replays.replay import Replayed, replay

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_active(ROOT / "playbooks")


@pytest.fixture(scope="module")
def recorded(bundle: Bundle) -> Iterator[duckdb.DuckDBPyConnection]:
    """Intake and enrichment of the recorded incidents."""
    settings = load_settings(ROOT / "fixtures" / "settings.yaml")
    connection = open_memory()
    register(
        connection, intake.build(ROOT / "fixtures", settings, lambda raw: hashlib.sha256(raw).hexdigest())
    )
    register(connection, build_completeness(connection))
    register(connection, enrichment.build(connection, settings, bundle.grading, bundle.detections))
    yield connection
    connection.close()


def with_need(bundle: Bundle, need: int) -> Bundle:
    playbook = bundle.playbook.model_copy(update={"need": need})
    return Bundle("candidate", playbook, bundle.approvers, bundle.policies, bundle.detections)


def with_confidence(bundle: Bundle, alertmanager: int) -> Bundle:
    weights = bundle.grading.confidence
    trust = weights.source_trust.model_copy(update={"alertmanager": alertmanager})
    grading = bundle.grading.model_copy(
        update={"confidence": weights.model_copy(update={"source_trust": trust})}
    )
    playbook = bundle.playbook.model_copy(update={"grading": grading})
    return Bundle("candidate", playbook, bundle.approvers, bundle.policies, bundle.detections)


def tuple_of(recommendation: Recommendation) -> tuple[str, str, list[str]]:
    return recommendation.action, recommendation.mode.value, list(recommendation.approvers)


def actions(replayed: tuple[Replayed, ...]) -> dict[str, str]:
    return {each.incident_id: each.recommendation.action for each in replayed}


def test_the_production_decision_is_the_replay_of_the_active_bundle(
    recorded: duckdb.DuckDBPyConnection, bundle: Bundle
) -> None:
    """Action, mode, approvers, moment, basis and hindsight are the same on every recorded incident."""
    published = decide(recorded, bundle)["decision.decisions"].to_pylist()
    (replayed,) = replay(recorded, [bundle])
    fields = ("basis", "moment", "decided_at", "is_withdrawn", "first_automatic_at", "hindsight_action")
    expected = [
        (row["incident_id"], row["action"], row["mode"], row["approvers"], *(row[field] for field in fields))
        for row in published
    ]
    found = [
        (each.incident_id, *tuple_of(each.recommendation), *(getattr(each, field) for field in fields))
        for each in replayed
    ]
    assert expected == found
    assert len(found) >= 14


@pytest.mark.slow
def test_bundles_in_one_pass_decide_as_each_alone(
    recorded: duckdb.DuckDBPyConnection, bundle: Bundle
) -> None:
    """Sharing keys and policies between bundles changes no decision, whichever gradings they have."""
    bundles = [bundle, with_need(bundle, 1000), with_confidence(bundle, 0), with_need(bundle, 30)]
    together = replay(recorded, bundles)
    assert together == [replay(recorded, [each])[0] for each in bundles]
    assert actions(together[0]) != actions(together[1])


def test_an_unreachable_need_leaves_nothing_but_passive_actions(
    recorded: duckdb.DuckDBPyConnection, bundle: Bundle
) -> None:
    """A candidate that asks for more points than rules can give acts nowhere."""
    (candidate,) = replay(recorded, [with_need(bundle, 1000)])
    assert [each.incident_id for each in candidate if each.recommendation.is_active] == []


def test_a_candidate_is_graded_by_its_own_figures(
    recorded: duckdb.DuckDBPyConnection, bundle: Bundle
) -> None:
    """Without trust in alerts the rollback is below its floor, although the recorded states had passed it."""
    baseline, candidate = replay(recorded, [bundle, with_confidence(bundle, 0)])
    assert actions(baseline)["inc-0102-checkout-bad-release"] == "roll_back_release"
    assert actions(candidate)["inc-0102-checkout-bad-release"] != "roll_back_release"


def test_threads_change_nothing(recorded: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    """One thread and several publish the same tables."""
    tables = []
    for threads in (1, 4):
        recorded.execute(f"set threads = {threads}").fetchall()
        tables.append(decide(recorded, bundle))
    assert [name for name in tables[0] if not tables[0][name].equals(tables[1][name])] == []


def test_no_bundles_give_no_replays(recorded: duckdb.DuckDBPyConnection) -> None:
    """Nothing asked, nothing answered."""
    assert replay(recorded, []) == []
