"""What a replay of many bundles tells of each incident, against the decision stage and a plain model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from evidence import enrichment, intake
from evidence.decision import Bundle, decide, load_active
from evidence.quality.stage import build_completeness
from evidence.settings import load_settings
from evidence.tables import open_memory, register
from simulator.replays.replay import Replays, replay_history

ROOT = Path(__file__).parents[3]
DECIDED = (
    "incident_id", "option", "action", "mode", "approvers", "basis", "moment", "decided_at", "horizon_at",
    "is_withdrawn", "first_automatic_at", "hindsight_action", "preferred_action",
)  # fmt: skip
RECOMMENDED = (
    "incident_id", "moment", "known_at", "option", "action", "mode", "approvers", "is_hindsight",
)  # fmt: skip


@pytest.fixture(scope="module")
def active() -> Bundle:
    return load_active(ROOT / "playbooks")


@pytest.fixture(scope="module")
def recorded(active: Bundle) -> Iterator[duckdb.DuckDBPyConnection]:
    """Intake and enrichment of the recorded incidents."""
    settings = load_settings(ROOT / "fixtures" / "settings.yaml")
    connection = open_memory()
    register(
        connection, intake.build(ROOT / "fixtures", settings, lambda raw: hashlib.sha256(raw).hexdigest())
    )
    register(connection, build_completeness(connection))
    register(connection, enrichment.build(connection, settings, active.grading, active.detections))
    yield connection
    connection.close()


def with_changes(bundle: Bundle, *, need: int | None = None, **grading: Any) -> Bundle:
    """A candidate that asks for other points, or grades otherwise."""
    changes = {"need": need or bundle.need, "grading": bundle.grading.model_copy(update=grading)}
    return Bundle(
        "candidate",
        bundle.playbook.model_copy(update=changes),
        bundle.approvers,
        bundle.policies,
        bundle.detections,
    )


def trusting_no_alert(bundle: Bundle) -> Bundle:
    weights = bundle.grading.confidence
    trust = weights.source_trust.model_copy(update={"alertmanager": 0})
    return with_changes(bundle, confidence=weights.model_copy(update={"source_trust": trust}))


@pytest.fixture(scope="module")
def bundles(active: Bundle) -> list[Bundle]:
    """The active one, one that asks for less, one of another grading and one of other ticks."""
    return [
        active,
        with_changes(active, need=30),
        trusting_no_alert(active),
        with_changes(active, need=30, tick_minutes=(5,)),
    ]


PAIRS = ((0, 0), (0, 1), (0, 2), (0, 3), (1, 3))


@pytest.fixture(scope="module")
def replays(recorded: duckdb.DuckDBPyConnection, bundles: list[Bundle]) -> Replays:
    return replay_history(recorded, bundles, pairs=PAIRS)


def rows_of(table: Any, place: int, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in table.to_pylist() if row["bundle"] == place]


def test_the_replay_of_the_active_bundle_is_what_production_published(
    recorded: duckdb.DuckDBPyConnection, active: Bundle, replays: Replays
) -> None:
    """Decisions of record and every recommendation on the way, in all that both tell."""
    published = decide(recorded, active)
    for name, table, columns in (
        ("decision.decisions", replays.decisions, DECIDED),
        ("decision.recommendations", replays.recommendations, RECOMMENDED),
    ):
        expected = [tuple(row[column] for column in columns) for row in published[name].to_pylist()]
        assert expected == rows_of(table, 0, columns)


def path_of(replays: Replays, place: int, incident_id: str) -> list[tuple[int, tuple[Any, ...]]]:
    return [
        (row["known_at"], (row["action"], row["mode"], tuple(row["approvers"])))
        for row in replays.recommendations.to_pylist()
        if row["bundle"] == place and row["incident_id"] == incident_id and not row["is_hindsight"]
    ]


def at(path: list[tuple[int, tuple[Any, ...]]], time: int) -> tuple[Any, ...] | None:
    held = [recommendation for known_at, recommendation in path if known_at <= time]
    return held[-1] if held else None


def parted_at(replays: Replays, pair: tuple[int, int], incident_id: str) -> int | None:
    """The plain model: at each change of either path, do the two recommend the same?"""
    old, new = (path_of(replays, place, incident_id) for place in pair)
    times = sorted({known_at for known_at, _ in (*old, *new)})
    return next((time for time in times if at(old, time) != at(new, time)), None)


def test_two_paths_part_where_a_step_by_step_comparison_says(replays: Replays) -> None:
    """Also between bundles whose ticks number the moments differently."""
    found = {
        (row["pair"], row["incident_id"]): (row["is_path_changed"], row["parted_at"])
        for row in replays.partings.to_pylist()
    }
    moments = {key: parted_at(replays, PAIRS[key[0]], key[1]) for key in found}
    assert found == {key: (moment is not None, moment) for key, moment in moments.items()}
    assert {key[0] for key, moment in moments.items() if moment is not None} >= {1, 2}


def test_a_decision_is_changed_when_its_tuple_is(replays: Replays) -> None:
    """Action, mode, approvers and time of the decision of record."""
    tuples = {
        (row["bundle"], row["incident_id"]): (row["action"], row["mode"], row["approvers"], row["decided_at"])
        for row in replays.decisions.to_pylist()
    }
    for row in replays.partings.to_pylist():
        old, new = PAIRS[row["pair"]]
        is_changed = tuples[old, row["incident_id"]] != tuples[new, row["incident_id"]]
        assert is_changed == row["is_decision_changed"], row


def test_a_comparison_with_itself_changes_nothing(replays: Replays) -> None:
    """One row per incident, none of them changed."""
    same = [row for row in replays.partings.to_pylist() if row["pair"] == 0]
    assert [row for row in same if row["is_decision_changed"] or row["is_path_changed"]] == []
    assert len(same) == replays.decisions.num_rows // 4


def test_recommendations_are_left_out_unless_asked_for(
    recorded: duckdb.DuckDBPyConnection, bundles: list[Bundle], replays: Replays
) -> None:
    """Decisions and partings are the same without them."""
    without = replay_history(recorded, bundles, with_recommendations=False, pairs=PAIRS)
    assert without.recommendations.num_rows == 0
    assert without.decisions.equals(replays.decisions)
    assert without.partings.equals(replays.partings)
