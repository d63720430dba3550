"""Two sets of rules on the recorded incidents: exactly what an edit changes is told, and nothing else."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from simulator.comparison.compare import Side, compare
from simulator.comparison.detection_model import RuleEdit
from simulator.comparison.model import ChangeKind, Comparison
from simulator.histories.history import open_incidents

from ...decision.deciding import ROOT, active
from .conftest import Compared
from .rule_sets import (
    BUCKET,
    BURST,
    EXPORT,
    FEED,
    KEY,
    ROTATION,
    RULES,
    Rules,
    deciding,
    detections,
    edited,
    narrowed,
    without,
)

USERS, EXPORTS = "detections.Users listed", "detections.Exports read"
READS, WRITES = "detections.Secret read", "detections.Secret written"
HITS = 72  # reads of the exports
NARROWER = narrowed("users", "userIdentity.arn|contains", "mara")


def decisions(found: Comparison) -> dict[str, str]:
    """The new action of every changed decision."""
    return {
        each.incident_id: each.candidate.action for each in found.changed if each.kind is ChangeKind.DECISION
    }


def responsible(found: Comparison) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The minimal sets of every changed decision."""
    return {
        each.incident_id: each.responsible.minimal_sets
        for each in found.changed
        if each.responsible is not None
    }


def counts(found: Comparison) -> dict[str, tuple[int, int, int]]:
    """Signals gained, lost and called otherwise, by incident."""
    assert found.detections is not None
    return {
        each.incident_id: (len(each.gained), len(each.lost), len(each.restated))
        for each in found.detections.incidents
    }


def edits(found: Comparison) -> list[tuple[str, RuleEdit, int, int]]:
    """Clause, edit, hits gained and lost of every rule that differs."""
    assert found.detections is not None
    return [(each.clause, each.edit, each.gained_count, each.lost_count) for each in found.detections.rules]


def test_an_added_rule_changes_exactly_what_it_hits(compared: Compared) -> None:
    """Reads in one incident: its signals, its catch, its decision, and nothing else anywhere."""
    found = compared(without("exports"), RULES)
    assert edits(found) == [(EXPORTS, RuleEdit.ADDED, HITS, 0)]
    assert counts(found) == {EXPORT: (HITS, 0, 0)}
    assert decisions(found) == {EXPORT: "open_incident_channel"}
    assert responsible(found) == {EXPORT: ((EXPORTS,),)}
    assert {each.incident_id for each in found.changed} == {EXPORT}
    assert found.detections is not None
    assert (found.detections.incidents_gained, found.detections.incidents_lost) == ((EXPORT,), ())
    (incident,) = found.detections.incidents
    assert (incident.old.is_caught, incident.new.is_caught) == (False, True)
    assert (incident.outcome, incident.new.caught_by) == ("decision", ("Exports read",))
    assert incident.new.detected_event_at == "2026-03-05T03:05:00Z"
    assert incident.new.detected_known_at == min(each.known_at for each in incident.gained)


def test_a_removed_rule_is_the_mirror_of_an_added_one(compared: Compared) -> None:
    """What was gained is lost, both decisions change places, and the same rule is responsible."""
    added, removed = compared(without("exports"), RULES), compared(RULES, without("exports"))
    assert edits(removed) == [(EXPORTS, RuleEdit.REMOVED, 0, HITS)]
    assert counts(removed) == {EXPORT: (0, HITS, 0)}
    assert added.detections is not None and removed.detections is not None
    assert added.detections.incidents[0].gained == removed.detections.incidents[0].lost
    assert added.detections.incidents_gained == removed.detections.incidents_lost == (EXPORT,)
    assert [(each.baseline, each.candidate) for each in added.changed] == [
        (each.candidate, each.baseline) for each in removed.changed
    ]
    assert responsible(added) == responsible(removed)


def test_a_narrowed_rule_loses_what_it_asks_for(compared: Compared) -> None:
    """Of three incidents one keeps its hit; of the others one decision changes, and of one the path."""
    found = compared(RULES, NARROWER)
    assert found.detections is not None
    (change,) = found.detections.rules
    assert (change.clause, change.edit) == (USERS, RuleEdit.CHANGED)
    assert change.what == ("now asks whether userIdentity.arn holds 'mara'",)
    assert change.incident_ids == (KEY, FEED)
    assert counts(found) == {KEY: (0, 1, 0), FEED: (0, 1, 0)}
    assert decisions(found) == {FEED: "hand_to_incident_commander"}
    assert responsible(found) == {FEED: ((USERS,),)}
    outcomes = {each.incident_id: each.outcome for each in found.detections.incidents}
    assert outcomes == {KEY: "path", FEED: "decision"}
    assert {each.incident_id for each in found.changed} == {KEY, FEED}


@pytest.mark.slow
def test_a_widened_rule_is_the_mirror_of_a_narrowed_one(compared: Compared) -> None:
    """It gains what the narrower one loses."""
    wide = compared(NARROWER, RULES)
    assert counts(wide) == {KEY: (1, 0, 0), FEED: (1, 0, 0)}
    assert decisions(wide) == {FEED: "open_incident_channel"}
    assert wide.detections is not None
    assert wide.detections.rules[0].what == ("no longer asks whether userIdentity.arn holds 'mara'",)


@pytest.mark.slow
def test_a_level_below_that_of_signals_loses_signals_and_no_hit(compared: Compared) -> None:
    """The playbook takes hits from high on; the rule hits what it hit."""
    found = compared(RULES, edited("exports", level="medium"))
    assert edits(found) == [(EXPORTS, RuleEdit.CHANGED, 0, 0)]
    assert counts(found) == {EXPORT: (0, HITS, 0)}
    assert decisions(found) == {EXPORT: "draft_for_customer_legal_compliance"}
    assert found.detections is not None
    (change,) = found.detections.rules
    assert change.what == ("level high → medium", "its hits are no signals any more")
    assert change.old is not None and change.new is not None
    assert (change.old.hit_count, change.new.hit_count) == (HITS, HITS)
    assert (change.old.is_signal, change.new.is_signal) == (True, False)


@pytest.mark.slow
def test_a_higher_level_restates_signals(compared: Compared) -> None:
    """The same records, of another level: the severity of the decision changes with it."""
    found = compared(RULES, edited("exports", level="critical"))
    assert counts(found) == {EXPORT: (0, 0, HITS)}
    assert found.detections is not None
    (incident,) = found.detections.incidents
    assert {(each.old_level, each.new_level) for each in incident.restated} == {("high", "critical")}
    assert incident.arrival_time_shift_seconds == 0


@pytest.mark.slow
def test_a_renamed_rule_is_told_as_one(compared: Compared) -> None:
    """A playbook that reads the old name no longer sees the signal: the decision changes, no hit does."""
    found = compared(RULES, edited("exports", title="Exports downloaded"))
    assert edits(found) == [(EXPORTS, RuleEdit.RENAMED, 0, 0)]
    assert counts(found) == {EXPORT: (0, 0, HITS)}
    assert decisions(found) == {EXPORT: "draft_for_customer_legal_compliance"}
    assert responsible(found) == {EXPORT: ((EXPORTS,),)}


@pytest.mark.slow
def test_an_edit_that_changes_no_hit_is_told_as_such(compared: Compared) -> None:
    """A rule that never fires, another way of the same test, and words alone."""
    other = {"selection": {"eventName": "ListUsers", "eventSource": "iam.amazonaws.com"}}
    new: Rules = {
        **edited("quiet", level="critical"),
        "users": {**RULES["users"], "detection": {**other, "condition": "selection"}},
        "exports": {**RULES["exports"], "description": "Said better."},
    }
    found = compared(RULES, new)
    assert [(clause, edit) for clause, edit, _, _ in edits(found)] == [
        (EXPORTS, RuleEdit.REWORDED),
        ("detections.Trail deleted", RuleEdit.CHANGED),
        (USERS, RuleEdit.CHANGED),
    ]
    assert found.detections is not None
    assert [each.incident_ids for each in found.detections.rules] == [(), (), ()]
    assert (counts(found), found.changed) == ({}, ())


@pytest.mark.slow
def test_rules_that_only_work_together_are_one_set(compared: Compared) -> None:
    """Both signals are needed for the decision; each rule alone leaves the old one."""
    found = compared(without("reads", "writes"), RULES)
    assert decisions(found) == {ROTATION: "open_incident_channel"}
    assert responsible(found) == {ROTATION: ((READS, WRITES),)}
    assert counts(found) == {ROTATION: (2, 0, 0)}


@pytest.mark.slow
def test_a_correlation_is_responsible_through_its_part(compared: Compared) -> None:
    """An edit of what it reads is an edit of the correlation, told by the part's name."""
    burst = {**RULES, "exports": {**RULES["exports"], "level": "informational"}, "burst": BURST}
    rarer = {
        **burst,
        "exports": {
            **burst["exports"],
            "detection": narrowed("exports", "eventName", "No")["exports"]["detection"],
        },
    }
    found = compared(burst, rarer)
    assert found.detections is not None
    correlation = next(
        each for each in found.detections.rules if each.clause == "detections.Many exports read"
    )
    assert correlation.what == (f"its part {RULES['exports']['id']!r} differs",)
    assert (correlation.gained_count, correlation.lost_count > 0) == (0, True)
    assert counts(found) == {EXPORT: (0, correlation.lost_count, 0)}


def test_the_same_rules_change_nothing(compared: Compared) -> None:
    """No rule, no signal, no decision, and no section at all."""
    found = compared(RULES, RULES)
    assert (found.detections, found.changed, found.clauses) == (None, (), ())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (without("users"), without("writes")),
        (edited("exports", level="critical"), narrowed("exports", "requestParameters.key|contains", "1")),
        (without("exports", "users"), edited("reads", title="Secret fetched")),
    ],
    ids=["other rules", "narrowed and lowered", "renamed"],
)
def test_swapping_the_sides_mirrors_everything(compared: Compared, old: Rules, new: Rules) -> None:
    """Gained is lost, catches and noise change places, and the same sets are responsible."""
    one, other = compared(old, new), compared(new, old)
    assert {name: (lost, gained, same) for name, (gained, lost, same) in counts(one).items()} == counts(other)
    assert one.detections is not None and other.detections is not None
    assert one.detections.incidents_gained == other.detections.incidents_lost
    assert one.detections.caught_count == other.detections.caught_count[::-1]
    assert {each.incident_id: each.old for each in one.detections.incidents} == {
        each.incident_id: each.new for each in other.detections.incidents
    }
    assert {each.incident_id for each in one.changed} == {each.incident_id for each in other.changed}
    assert one.detections.noise.new_hit_count == other.detections.noise.old_hit_count


@pytest.mark.slow
@pytest.mark.parametrize("thread_count", [1, 7])
def test_the_number_of_threads_changes_nothing(compared: Compared, thread_count: int, tmp_path: Path) -> None:
    """Of every connection that takes part: the same comparison, to the last byte."""
    old, new = without("reads", "writes", "exports"), edited("users", level="critical")
    expected = compared(old, new)
    history = open_incidents(ROOT / "fixtures", active().grading)
    assert history.recording is not None
    connect = history.recording.connect

    def connect_threaded() -> duckdb.DuckDBPyConnection:
        connection = connect()
        connection.execute(f"set threads = {thread_count}").fetchall()
        return connection

    history.connection.execute(f"set threads = {thread_count}").fetchall()
    threaded = replace(history, recording=replace(history.recording, connect=connect_threaded))
    sides = [
        Side(replace(deciding(), detections=detections(tmp_path / name, rules)), name, name)
        for name, rules in (("old", old), ("new", new))
    ]
    with closing(history.connection):
        assert compare(threaded, *sides) == expected


def test_hits_outside_of_security_incidents_are_noise(compared: Compared) -> None:
    """Every call of the recordings: per day on which anything was recorded, two decimals."""
    every = {"selection": {"eventName|exists": True}, "condition": "selection"}
    found = compared(RULES, edited("quiet", detection=every))
    assert found.detections is not None
    noise = found.detections.noise
    (change,) = found.detections.rules
    assert change.new is not None
    assert noise.old_hit_count == noise.old_signal_count == 2  # of the rotation, which is no attack
    assert noise.new_hit_count == noise.new_signal_count == 2 + change.new.noise_count > 2
    hundredths = round(100 * noise.new_hit_count / noise.day_count)
    assert noise.new_hits_per_day == f"{hundredths // 100}.{hundredths % 100:02d}"
    assert BUCKET in counts(found)


@pytest.mark.slow
def test_the_records_of_a_signal_are_behind_a_changed_decision(compared: Compared) -> None:
    """Each record that the responsible rule hits is evidence, with the digest of its bytes."""
    found = compared(without("exports"), RULES)
    (change,) = found.changed
    assert found.detections is not None
    (incident,) = found.detections.incidents
    told = {each.anchor.record_sha256 for each in change.evidence if each.clause == EXPORTS}
    assert told == {record.record_sha256 for each in incident.gained for record in each.records}
    assert len(told) == HITS
    assert {each.source for each in change.evidence if each.clause == EXPORTS} == {"aws_cloudtrail"}
