"""Bundles: the active one keeps its promises, and a bundle's identity is its content."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evidence.decision import load_active, load_bundle
from evidence.decision.cases import failures, survey_cases
from evidence.errors import PlaybookError

from .deciding import BUNDLES, ROOT, active, cases_of, mini

# The six rows that the action matrix was begun with.
SEED_MODES = {
    "gather_logs_and_traces": "automatic",
    "restart_stateless_pod": "automatic",
    "revoke_temporary_credential": "automatic",
    "cordon_and_drain_node": "policy_gated",
    "change_network_policy": "approval_required",
    "disable_human_identity": "approval_required",
}
EXECUTION = {
    "roll_back_release": "gitops_rollback",
    "close_public_exposure": "iac_pipeline",
    "revoke_temporary_credential": "identity_workflow",
    "cordon_and_drain_node": "operator",
}
PLAYBOOK_CASES = cases_of(ROOT / "playbooks" / "v3")


def copied(tmp_path: Path, *edits: tuple[str, str], file: str = "playbook.yaml") -> Path:
    """The small bundle with some text replaced."""
    shutil.copytree(BUNDLES, tmp_path / "copy", dirs_exist_ok=True)
    path = tmp_path / "copy" / "mini" / file
    text = path.read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return tmp_path / "copy" / "mini"


def test_the_active_playbook_is_the_one_named() -> None:
    """active.yaml names the bundle that production decides by."""
    assert load_active(ROOT / "playbooks").name == "v3"


def test_a_bundle_that_one_stands_in_has_its_folders_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`.` is how it is called on the command line, and says nothing in a comparison."""
    monkeypatch.chdir(copied(tmp_path))
    assert "mini" == load_bundle(Path()).name


def test_an_active_playbook_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A missing bundle is an error at the line that names it, and those that are there are listed."""
    for name in ("v1", "v3"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "playbook.yaml").touch()
    (tmp_path / "active.yaml").write_text("active: v9\n")
    with pytest.raises(
        PlaybookError, match=r"active\.yaml:1:9: active: there is no playbook 'v9'"
    ) as refused:
        load_active(tmp_path)
    assert "Write `active: NAME` with one of v1, v3" == refused.value.remedy


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, r"active\.yaml: cannot be read"),
        ("", r"active\.yaml: expected one YAML document, found 0"),
        ("active: {mini\n", r"active\.yaml:2:1: is not YAML"),
        ("- mini\n", r"active\.yaml:1:1: names no playbook"),
        ("{}\n", r"active\.yaml:1:1: names no playbook"),
        ("# which one\nactive:\n", r"active\.yaml:2:1: names no playbook"),
        ("active: ''\n", r"active\.yaml:1:1: names no playbook"),
        ("active: 3\n", r"active\.yaml:1:9: active: there is no playbook 3 in "),
        ("active: true\n", r"active\.yaml:1:9: active: there is no playbook True in "),
        ("active: [mini]\n", r"active\.yaml:1:9: active: there is no playbook \['mini'\] in "),
        (
            "active: ../bundles/mini\n",
            r"active\.yaml:1:9: active: there is no playbook '\.\./bundles/mini' in ",
        ),
        ("active: /etc\n", r"active\.yaml:1:9: active: there is no playbook '/etc' in "),
        ("active: .\n", r"active\.yaml:1:9: active: there is no playbook '\.' in "),
        ("active: policies\n", r"active\.yaml:1:9: active: there is no playbook 'policies' in "),
        ("activ: mini\n", r"active\.yaml:1:1: unknown key 'activ'"),
        ("active: mini\nsince: today\n", r"active\.yaml:2:1: unknown key 'since'"),
    ],
)
def test_what_is_wrong_with_active_yaml_is_said_in_our_words(
    tmp_path: Path, text: str | None, said: str
) -> None:
    """What, where, and the names to choose from; a path never leads out of the folder."""
    shutil.copytree(BUNDLES, tmp_path / "bundles")
    path = tmp_path / "bundles" / "active.yaml"
    path.unlink(missing_ok=True)
    if text is not None:
        path.write_text(text)
    with pytest.raises(PlaybookError, match=said) as refused:
        load_active(tmp_path / "bundles")
    assert "mini" in refused.value.remedy


def test_the_first_six_rows_of_the_matrix_keep_their_mode() -> None:
    """The default modes that the matrix was begun with are unchanged."""
    assert {name: active().actions[name].mode.value for name in SEED_MODES} == SEED_MODES


def test_every_execution_model_is_used_where_it_belongs() -> None:
    """Releases by GitOps, cloud resources by IaC, credentials by identity workflow, nodes by operator."""
    assert {name: active().actions[name].executes.value for name in EXECUTION} == EXECUTION


def test_what_widens_an_outage_never_begins_automatically() -> None:
    """Isolating, draining, blocking, deleting, rotating and locking people out are gated by default."""
    options = ("isolate", "rotate")
    names = [name for name, action in active().actions.items() if action.option.value in options]
    names += ["delete_resource", "disable_human_identity", "revoke_broad_permissions", "roll_back_release"]
    assert [name for name in names if active().actions[name].mode.value == "automatic"] == []


def test_the_five_guardrails_of_a_rollback_are_held_or_declared() -> None:
    """Four are preconditions of the rollback, and the fifth says why it cannot be evaluated."""
    guardrails = active().guardrails
    assert [(each.action, each.id, each.held_by) for each in guardrails] == [
        ("roll_back_release", "validate-the-symptom", "symptom-is-validated"),
        ("roll_back_release", "correlate-the-recent-change", "change-is-correlated"),
        ("roll_back_release", "check-that-rollback-is-allowed", "rollback-is-allowed"),
        ("roll_back_release", "patch-desired-state", "previous-revision-is-known"),
        ("roll_back_release", "let-the-reconciler-act", None),
    ]
    assert guardrails[0].precondition == "is_error_rate_over_policy and is_latency_over_policy"
    assert guardrails[4].not_evaluable


def test_the_ladder_goes_by_reach_then_by_undo_then_by_declaration() -> None:
    """Restarting a pod is the lowest rung, deleting a resource the highest."""
    assert active().ladder[0] == "restart_stateless_pod"
    assert active().ladder[-1] == "delete_resource"
    assert [active().rung(name) for name in active().ladder] == list(range(1, len(active().ladder) + 1))
    assert active().rung("keep_watching") == 0


def test_every_rule_of_the_active_playbook_is_met_by_a_case() -> None:
    """No rule is without a case whose expected action it supports."""
    expected = {case.case.expect.action for case in PLAYBOOK_CASES}
    silent = [rule.id for rule in active().rules if not set(rule.supports) & expected]
    assert silent == []


def test_the_active_playbook_keeps_its_own_cases() -> None:
    """Every case that the bundle carries is decided as it expects."""
    assert [str(failure) for failure in failures(active(), PLAYBOOK_CASES)] == []


def test_a_case_that_fails_says_what_was_found_and_why() -> None:
    """A changed expectation names the decision found and the gate at which the expected action lost."""
    case = next(
        each for each in PLAYBOOK_CASES if each.case.id == "flagged-node-with-state-goes-to-the-commander"
    )
    wrong = case.case.expect.model_copy(update={"action": "cordon_and_drain_node"})
    changed = type(case)(case.path, case.case.model_copy(update={"expect": wrong}), case.state)
    (failure,) = failures(active(), [changed])
    assert "found hand_to_incident_commander (automatic, nobody)" in str(failure)
    assert "Denied by policy even with approval" in str(failure)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{sevrity: 4}", "there is no column sevrity"),
        ("{severity: high}", "severity is integer, 'high' is not"),
        ("{is_stateful: 1}", "is_stateful is boolean, 1 is not"),
        ("{environment: prod}", "environment is never 'prod'"),
    ],
)
def test_a_case_about_no_column_is_refused(given: str, message: str, tmp_path: Path) -> None:
    """A slip in a case is an error with its place, not a case that tests nothing."""
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "x.yaml").write_text(
        f"about: A test.\ncases:\n  - id: x\n    given: {given}\n"
        "    expect: {action: keep_watching, mode: automatic}\n"
    )
    _, findings = survey_cases(tmp_path)
    refusal = str(findings[0].error())
    assert message in refusal
    assert "x.yaml:4:13" in refusal


def test_the_digest_ignores_paths_comments_and_layout(tmp_path: Path) -> None:
    """The same content elsewhere, under another name and with other comments, is the same bundle."""
    moved = copied(
        tmp_path,
        ("need: 50", "need:   50   # enough"),
        ("supports: {restart: 20, drain: 50}", "supports:\n      drain: 50\n      restart: 20"),
    )
    assert load_bundle(moved.rename(moved.parent / "renamed")).digest == mini().digest


@pytest.mark.parametrize(
    "edit",
    [
        ("need: 50", "need: 49"),
        ("floor: 40", "floor: 41"),
        ("supports: {draft: 10}", "supports: {draft: 11}"),
        ("because: Errors are over policy.", "because: Errors are above policy."),
        ("error_rate_ppm: 50000", "error_rate_ppm: 50001"),
        ("  watch: {option", "  look: {option"),
    ],
)
def test_the_digest_follows_every_figure_and_word(edit: tuple[str, str], tmp_path: Path) -> None:
    """Whatever can change a decision or what is said about one changes the digest."""
    edits = [edit] if "look" not in edit[1] else [edit, ("{monitor: watch", "{monitor: look")]
    assert load_bundle(copied(tmp_path, *edits)).digest != mini().digest


def test_the_digest_follows_the_order_of_actions(tmp_path: Path) -> None:
    """Declaration decides between equal rungs and passive ties, so that order is content."""
    gather = "  gather: {option: enrich, scope: none, undo: reversible, mode: automatic, reason: Reads.}\n"
    ask = "  ask: {option: enrich, scope: none, undo: reversible, mode: automatic, reason: Asks.}\n"
    assert load_bundle(copied(tmp_path, (gather + ask, ask + gather))).digest != mini().digest


def test_the_digest_follows_approvers_and_policies(tmp_path: Path) -> None:
    """Who approves and what a policy says belong to the bundle."""
    other_contact = load_bundle(copied(tmp_path, ("cloud desk", "cloud room"), file="approvers.yaml"))
    assert other_contact.digest != mini().digest
    policy = tmp_path / "copy" / "policies" / "node_drain.rego"
    policy.write_text(policy.read_text().replace("is not drained", "is never drained"))
    assert load_bundle(tmp_path / "copy" / "mini").digest not in (mini().digest, other_contact.digest)


def test_a_role_is_held_by_the_owners_entry_or_by_the_fallback_which_says_so() -> None:
    """Ownership and approval are two maps; what neither names falls to the incident commander."""
    approvers = active().approvers
    assert approvers.contact_of("app_owner", "search") == "search release lead (#search)"
    fallback = "incident commander on call (pagerduty schedule PSINC01)"
    assert approvers.contact_of("app_owner", None) == f"{fallback} (fallback: no owner is known)"
    assert (
        approvers.contact_of("app_owner", "security") == f"{fallback} (fallback: security names no app_owner)"
    )
