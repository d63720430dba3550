"""Every shipped bad bundle is refused, with each place and, where a proof would break, a counterexample."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest

from evidence.decision import load_bundle
from evidence.decision.cases import survey_cases
from evidence.decision.inspection import Finding, inspect_bundle
from evidence.errors import PlaybookError

from .deciding import BAD_BUNDLES, BUNDLES, ROOT

NAMES = sorted(path.name for path in BAD_BUNDLES.iterdir())
WITH_COUNTEREXAMPLE = {
    "also-reads-blast-radius",
    "escalation-reads-confidence",
    "floor-lowered-on-a-higher-rung",
    "last-resort-that-acts",
    "last-resort-that-does-not-exist",
    "need-depends-on-the-state",
    "policy-reads-confidence",
    "precondition-reads-blast-radius",
    "precondition-reads-confidence",
    "precondition-reads-time-passed",
    "rule-reads-confidence",
    "rule-reads-time-passed",
    "two-actions-on-one-rung",
}

# Their one slip stands in two places, or they have several.
SEVERAL = {"case-of-no-action", "several-at-once", "two-actions-on-one-rung", "yaml-anchor"}


@lru_cache
def findings_of(name: str) -> list[Finding]:
    inspection = inspect_bundle(BAD_BUNDLES / name)
    return [*inspection.findings, *survey_cases(BAD_BUNDLES / name, inspection.bundle)[1]]


def refusal_of(name: str) -> str:
    lines = [line for finding in findings_of(name) for line in finding.lines()]
    return "".join(f"{line}\n" for line in lines).replace(str(BAD_BUNDLES / name) + "/", "")


@pytest.mark.golden
@pytest.mark.parametrize("name", NAMES)
def test_bad_bundle_is_refused_as_recorded(name: str, golden) -> None:  # type: ignore[no-untyped-def]
    """The refusal names file, line, column, what is wrong and what would happen."""
    path = (BAD_BUNDLES / name / "refusal.txt").relative_to(ROOT)
    golden(path, refusal_of(name))


@pytest.mark.parametrize("name", NAMES)
def test_counterexamples_are_given_where_a_proof_would_break(name: str) -> None:
    """A broken compile check shows two states and their decisions; a mere slip needs none."""
    assert ("Counterexample: " in refusal_of(name)) == (name in WITH_COUNTEREXAMPLE)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"case-of-no-action"}))
def test_loading_raises_the_first_of_what_is_told(name: str) -> None:
    """A run is refused for the same reason that a check gives first."""
    with pytest.raises(PlaybookError) as refusal:
        load_bundle(BAD_BUNDLES / name)
    assert str(refusal.value) == str(findings_of(name)[0].error())


@pytest.mark.parametrize("name", sorted(set(NAMES) - SEVERAL))
def test_a_slip_is_told_once(name: str) -> None:
    """One slip gives one finding, without its consequences as further ones."""
    assert len(findings_of(name)) == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A folder without playbook.yaml is refused by that name."""
    with pytest.raises(PlaybookError, match=r"playbook\.yaml: cannot be read"):
        load_bundle(tmp_path)


@pytest.mark.parametrize(
    "text",
    ["", "[]\n", "title\n", "rules: 3\nactions: []\n", "actions: {x: {scope: 4}}\nrules: [{when: 5}, 6]\n"],
)
def test_what_is_hardly_a_playbook_is_still_inspected(text: str, tmp_path: Path) -> None:
    """However little can be read, the inspection ends with findings and not with an exception."""
    (tmp_path / "playbook.yaml").write_text(text)
    (tmp_path / "approvers.yaml").write_text(text)
    inspection = inspect_bundle(tmp_path)
    assert (inspection.bundle, len(inspection.errors) > 0) == (None, True)


def test_a_doubtful_bundle_is_loaded_and_its_doubts_are_told(tmp_path: Path) -> None:
    """What always holds and what repeats another rule within it are warnings: the bundle decides."""
    text = (BUNDLES / "mini" / "playbook.yaml").read_text()
    text = text.replace("policies: ../policies", f"policies: {BUNDLES / 'policies'}")
    text = text.replace("that: not is_stateful", "that: pod_count >= 0")
    text = text.replace("or blast_radius > 3", "or severity > 3 and severity <= 3")
    text += """  - id: crash-loop-of-a-stateful-pod
    when: has_signal('CrashLoop') and is_stateful
    supports: {restart: 20, drain: 50}
    because: It keeps failing and keeps state.
"""
    (tmp_path / "playbook.yaml").write_text(text)
    (tmp_path / "approvers.yaml").write_text((BUNDLES / "mini" / "approvers.yaml").read_text())
    inspection = inspect_bundle(tmp_path)
    assert inspection.bundle is not None
    assert [f"{each.place.line}: {each.what}" for each in inspection.warnings] == [
        "60: precondition restart.workload-is-stateless holds in every state: it holds nothing back",
        "135: rule sure-of-little offers an alternative that is never true: severity > 3 and severity <= 3",
        "139: rule crash-loop-of-a-stateful-pod holds only where rule crash-loop does, "
        "and gives the same points again",
    ]


def test_a_folder_without_policies_is_doubtful(tmp_path: Path) -> None:
    """It may be meant, or be another folder than was meant: the bundle decides, and the doubt is told."""
    text = (BUNDLES / "mini" / "playbook.yaml").read_text()
    (tmp_path / "playbook.yaml").write_text(text.replace("policies: ../policies", "policies: empty"))
    (tmp_path / "approvers.yaml").write_text((BUNDLES / "mini" / "approvers.yaml").read_text())
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "passwd").write_text("no policy\n")
    inspection = inspect_bundle(tmp_path)
    assert inspection.bundle is not None
    assert ["4:11: there is no policy in this folder: nothing that is proposed is ever denied"] == [
        f"{each.place.line}:{each.place.column}: {each.what}" for each in inspection.warnings
    ]
