"""Policies compared: which proposals of history they newly deny or allow, and what OPA logged of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.decision import Bundle, load_bundle
from evidence.decision.policies import Verdict, request_of
from evidence.errors import PlaybookError
from simulator.comparison.compare import Side, compare
from simulator.comparison.rendering.policy_words import effects_sentence, policy_words
from simulator.comparison.rendering.wording import silence_sentence
from simulator.histories.history import History, open_incidents
from simulator.policies.policy_model import PolicyComparison, PolicyEdit, ProposalEffect
from tests.decision.deciding import ROOT, active
from tests.simulator.policies.compared import POLICIES as COMPARED

PLAYBOOK, POLICIES = ROOT / "playbooks" / "v3", ROOT / "playbooks" / "policies"
FREEZE = """# During the freeze nobody rolls back in production.
package incidentresponse

import rego.v1

deny contains message if {
	input.request.action == "roll_back_release"
	not input.request.environment in {"staging", "development"}
	message := sprintf("no rollback in %v", [input.request.environment])
}
"""
DECLARED = """because: A rollback during the freeze may undo what it was agreed for.
inputs:
  environment: {column: environment}
cases:
  - {id: production-is-frozen, action: roll_back_release, given: {environment: production}, verdict: denied}
"""


def frozen(folder: Path) -> Path:
    """The shipped policies with one that denies rollbacks in production."""
    shutil.copytree(POLICIES, folder)
    (folder / "rollback_freeze.rego").write_text(FREEZE, encoding="utf-8")
    (folder / "rollback_freeze.yaml").write_text(DECLARED, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def history() -> Iterator[History]:
    """The recorded incidents."""
    opened = open_incidents(ROOT / "fixtures", active().grading, detections=active().detections)
    yield opened
    opened.connection.close()


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, Bundle]:
    """The active playbook with its policies, and with the freeze beside them."""
    return active(), load_bundle(PLAYBOOK, frozen(tmp_path_factory.mktemp("frozen") / "policies"))


def policies_of(history: History, old: Bundle, new: Bundle) -> PolicyComparison | None:
    return compare(history, Side(old, "old"), Side(new, "new"), is_attributed=False).policies


@pytest.fixture(scope="module")
def found(history: History, bundles: tuple[Bundle, Bundle]) -> PolicyComparison:
    """What the freeze changes."""
    policies = policies_of(history, *bundles)
    assert policies is not None
    return policies


def test_a_policy_that_is_added_newly_denies_what_it_is_about(found: PolicyComparison) -> None:
    """Every rollback proposed in production, at the moments at which it was proposed, and nothing else."""
    assert [("rollback_freeze", PolicyEdit.ADDED)] == [(each.name, each.edit) for each in found.policies]
    assert {"roll_back_release"} == {each.action for each in found.changes}
    assert {ProposalEffect.NEWLY_DENIED: len(found.changes)} == found.effects
    assert {"production"} == {str(each.inputs["environment"]) for each in found.changes}
    assert [] == [each for each in found.changes if not each.first_at <= each.shown_at <= each.last_at]


def test_a_proposal_is_decisive_where_nothing_else_stood_in_its_way(found: PolicyComparison) -> None:
    """What turns a decision was decisive; what was not turned none."""
    turned = [each for each in found.changes if each.is_decision_changed]
    assert turned
    assert all(each.decisive_count for each in turned)
    assert all((each.decisive_at is None) is (each.decisive_count == 0) for each in found.changes)


def test_what_a_policy_saw_makes_it_say_what_is_told(
    found: PolicyComparison, bundles: tuple[Bundle, Bundle]
) -> None:
    """Asked again with the input that is given, the policy answers with the same sentences."""
    candidate = bundles[1]
    (policy,) = (each for each in candidate.policies if each.name == "rollback_freeze")
    for each in found.changes:
        inputs = {name: value for name, value in each.inputs.items() if value is not None}
        request = request_of(each.action, candidate.actions[each.action], (), inputs)
        assert each.new_messages == policy.ask(request)


@pytest.mark.slow
def test_the_mirrored_comparison_says_the_opposite(
    history: History, bundles: tuple[Bundle, Bundle], found: PolicyComparison
) -> None:
    """The same proposals at the same moments, allowed where they were denied."""
    mirrored = policies_of(history, bundles[1], bundles[0])
    assert mirrored is not None
    key = ("incident_id", "action", "policy", "first_at", "last_at", "moment_count", "decisive_count")
    assert [tuple(getattr(each, name) for name in key) for each in found.changes] == [
        tuple(getattr(each, name) for name in key) for each in mirrored.changes
    ]
    assert [(each.new, each.old) for each in found.changes] == [
        (each.old, each.new) for each in mirrored.changes
    ]
    assert {ProposalEffect.NEWLY_ALLOWED: len(found.changes)} == mirrored.effects
    assert found.proposal_count == mirrored.proposal_count


def test_a_verdict_that_turns_no_decision_is_not_called_silence(
    history: History, bundles: tuple[Bundle, Bundle], found: PolicyComparison
) -> None:
    """History speaks about the change, though no decision turns by it."""
    whole = compare(history, Side(bundles[0], "old"), Side(bundles[1], "new"), is_attributed=False)
    unturned = {"decision_count": 0, "path_count": 0, "classes": {}, "all_classes": {}}
    still = whole.model_copy(update={"summary": whole.summary.model_copy(update=unturned), "changed": ()})
    said = "policies judge 3 proposals otherwise, and no decision turns."
    assert said == silence_sentence(still).partition(": ")[2]


def test_the_same_policies_are_no_section(history: History, bundles: tuple[Bundle, Bundle]) -> None:
    """Nothing differs, so that nothing is said; comments in a declaration are no difference."""
    assert policies_of(history, bundles[1], bundles[1]) is None


def test_less_strict_is_newly_allowed_also_with_approval(history: History, tmp_path: Path) -> None:
    """From denied to allowed with approval, a reviewer looks as at any loosening."""
    folder = frozen(tmp_path / "policies")
    denied = load_bundle(PLAYBOOK, folder)
    text = (folder / "rollback_freeze.rego").read_text(encoding="utf-8")
    asking = text.replace("\tmessage :=", "\tcount(input.request.approvals) == 0\n\tmessage :=")
    (folder / "rollback_freeze.rego").write_text(asking, encoding="utf-8")
    policies = policies_of(history, denied, load_bundle(PLAYBOOK, folder))
    assert policies is not None
    assert {(Verdict.DENIED, Verdict.NEEDS_APPROVAL)} == {(each.old, each.new) for each in policies.changes}
    assert {ProposalEffect.NEWLY_ALLOWED} == set(policies.effects)
    assert "3 newly allowed, 3 of them with approval." in effects_sentence(policies)
    tightened = policies_of(history, active(), load_bundle(PLAYBOOK, folder))
    assert tightened is not None
    assert {ProposalEffect.NEWLY_NEEDS_APPROVAL: 3} == tightened.effects
    assert effects_sentence(tightened).endswith(": 3 now need approval.")
    assert ["added: 3 now need approval"] == [policy_words(tightened, each) for each in tightened.policies]


def test_a_failure_is_told_apart_from_a_denial(history: History, tmp_path: Path) -> None:
    """Both stop a proposal; what fails was meant to say something else, and says so in the first line."""
    folder = frozen(tmp_path / "policies")
    failing = FREEZE.replace("no rollback in %v", "no rollback in %d")
    (folder / "rollback_freeze.rego").write_text(failing, encoding="utf-8")
    policies = policies_of(history, active(), load_bundle(PLAYBOOK, folder))
    assert policies is not None
    assert {ProposalEffect.NEWLY_DENIED: 3} == policies.effects
    assert {True} == {each.failing_count == each.moment_count for each in policies.changes}
    assert effects_sentence(policies).endswith(
        ": 3 counted as denied because a policy fails."
        " Policy rollback_freeze fails on 3 proposals, which counts as a denial."
    )
    [policy] = policies.policies
    assert (3, "added: 3 counted as denied because a policy fails") == (
        policy.failing_count,
        policy_words(policies, policy),
    )


def test_what_fails_on_one_proposal_and_denies_another_is_counted_as_both() -> None:
    """A denial by another policy at the same proposal is a denial, whatever fails beside it."""
    [_, denied] = COMPARED.changes
    own = denied.model_copy(update={"all_old": Verdict.ALLOW})
    failed = own.model_copy(update={"policy": "broken", "failing_count": 1})
    alone = failed.model_copy(update={"action": "restart"})
    [policy, _] = COMPARED.policies
    broken = policy.model_copy(update={"name": "broken", "failing_count": 2})
    found = COMPARED.model_copy(
        update={
            "changes": (own, failed, alone),
            "effects": {ProposalEffect.NEWLY_DENIED: 2},
            "policies": (broken,),
        }
    )
    said = effects_sentence(found)
    assert "1 newly denied; 1 counted as denied because a policy fails. Policy broken fails on 2" in said


def test_another_folder_of_policies_is_checked_with_the_playbook(tmp_path: Path) -> None:
    """A broken policy is refused with file, line and column, wherever its folder lies."""
    folder = frozen(tmp_path / "policies")
    (folder / "rollback_freeze.rego").write_text(FREEZE.replace("sprintf(", "http.send("), encoding="utf-8")
    with pytest.raises(PlaybookError, match=r"rollback_freeze\.rego:9:13: the built-in http\.send reaches"):
        load_bundle(PLAYBOOK, folder)


@pytest.mark.slow
def test_what_opa_logged_of_these_policies_is_replayed(tmp_path: Path) -> None:
    """A decision log that names the policies' package is answered by both sides, beside what it recorded."""
    root = tmp_path / "fixtures"
    (root / "incidents").mkdir(parents=True)
    shutil.copytree(ROOT / "fixtures" / "catalog", root / "catalog")
    shutil.copy(ROOT / "fixtures" / "settings.yaml", root)
    incident = root / "incidents" / "inc-0109-network-policy"
    shutil.copytree(ROOT / "fixtures" / "incidents" / incident.name, incident)
    request = {"action": "roll_back_release", "environment": "production", "approvals": ["app_owner"]}
    staging = {**request, "environment": "staging"}
    shared = {"labels": {}, "path": "incidentresponse/deny", "timestamp": "2026-02-13T20:00:00Z"}
    logged = [
        {**shared, "decision_id": "d-1", "input": {"request": request}, "result": []},
        {**shared, "decision_id": "d-2", "input": {}, "erased": ["/input/request"], "result": []},
        {**shared, "decision_id": "d-3", "input": {"request": staging}, "result": []},
    ]  # fmt: skip
    text = "".join(json.dumps(each) + "\n" for each in logged)
    (incident / "opa-response.jsonl").write_text(text, encoding="utf-8")
    opened = open_incidents(root, active().grading, detections=active().detections)
    policies = policies_of(opened, active(), load_bundle(PLAYBOOK, frozen(tmp_path / "policies")))
    opened.connection.close()
    assert policies is not None
    assert policies.recorded is not None
    assert (3, 1, 1) == (
        policies.recorded.decision_count,
        policies.recorded.changed_count,
        policies.recorded.not_replayable_count,
    )
    (change,) = policies.recorded.changes
    assert ("d-1", [], [], ["no rollback in production"]) == (
        change.decision_id,
        change.recorded.value,
        change.old.value,
        change.new.value,
    )
