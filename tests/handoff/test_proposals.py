"""Proposals are inert, well-formed texts in the tools' own formats, whatever the evidence names."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from evidence.handoff.proposals import DRAFTERS, Subject, Workload, propose
from evidence.handoff.proposals.quoting import hcl_name, hcl_text, json_text, query_text, yaml_text

from .made import BUNDLE

HOSTILE = 'x"\n  evil: true\n---\n\'; rm -rf / #${file("/etc/passwd")} %{for} \u202e\U0001f600'
SUBJECT = Subject(
    incident_id="inc-1",
    title="Something happened",
    action="keep_watching",
    target="checkout-api",
    acts_on="checkout-api",
    execution_model="operator",
    approvers=("incident_commander",),
    readers=("Incident commander (on call)",),
    as_of="2026-01-01T10:00:00Z",
    addressee="payments-platform",
    commander="incident commander on call",
    service="checkout-api",
    workload=Workload("payments", "checkout-api", "backstage.io/kubernetes-id", "checkout-api"),
    workload_kind="Deployment",
    node="node-1",
    pods=("checkout-api-1", "checkout-api-2"),
    dependencies=(Workload("payments", "ledger", "backstage.io/kubernetes-id", "ledger"),),
    unplaced_dependencies=("ledger-db",),
    remote_ip="198.51.100.23",
    account="111122223333",
    principal="arn:aws:sts::111122223333:assumed-role/ci-deployer/run-7",
    credential="AKIAIOSFODNN7EXAMPLE",
    consumers=("release-pipeline",),
    resource="build-artifacts",
    resource_kind="AWS::S3::Bucket",
    application="checkout-api",
    repository="https://git.example.com/acme/apps.git",
    repository_path="apps/checkout-api",
    branch="main",
    revision="b" * 40,
    previous_revision="a" * 40,
    commit="c" * 40,
)
TEXT_FIELDS = (
    "incident_id", "title", "target", "acts_on", "addressee", "commander", "service", "workload_kind", "node",
    "account", "principal", "credential", "resource", "resource_kind", "application", "repository",
    "repository_path", "branch", "revision", "previous_revision", "commit", "slack_channel",
)  # fmt: skip
HOSTILE_SUBJECT = replace(
    SUBJECT,
    **dict.fromkeys(TEXT_FIELDS, HOSTILE),
    workload=Workload(HOSTILE, HOSTILE, "backstage.io/kubernetes-id", HOSTILE),
    dependencies=(Workload(HOSTILE, HOSTILE, "backstage.io/kubernetes-id", HOSTILE),),
    unplaced_dependencies=(HOSTILE,),
    pods=(HOSTILE,),
    consumers=(HOSTILE,),
)


def text_of(action: str, subject: Subject = SUBJECT, **changes: Any) -> str:
    """The proposal's text for an action."""
    return propose(replace(subject, action=action, **changes)).text


def manifest_of(action: str, subject: Subject = SUBJECT, **changes: Any) -> Any:
    """The proposal's one YAML document."""
    documents = list(YAML(typ="safe", pure=True).load_all(text_of(action, subject, **changes)))
    assert 1 == len(documents)
    return documents[0]


def test_every_action_of_the_active_matrix_has_a_proposal() -> None:
    """And no proposal is for an action that the matrix does not know."""
    assert set(BUNDLE.actions) == set(DRAFTERS)


@pytest.mark.parametrize("action", sorted(DRAFTERS))
@pytest.mark.parametrize("subject", [SUBJECT, HOSTILE_SUBJECT], ids=["plain", "hostile"])
def test_no_proposal_is_executed_and_none_hides_a_character(action: str, subject: Subject) -> None:
    """executed is false; what is not ASCII in code is escaped, in messages made visible."""
    proposal = propose(replace(subject, action=action))
    assert proposal.executed is False
    assert proposal.text.endswith("\n")
    assert not set("\u202e\r\x1b\x00") & set(proposal.text)
    assert proposal.checks
    assert proposal.undo


@pytest.mark.parametrize("action", sorted(DRAFTERS))
def test_what_the_evidence_does_not_hold_is_named_not_guessed(action: str) -> None:
    """An empty subject gives a text with named blanks."""
    bare = Subject(
        "inc-1", "Title", action, None, None, "none", (), (), "2026-01-01T10:00:00Z", "owner", "commander"
    )
    proposal = propose(bare)
    assert all(f"<unknown: {name}>" in proposal.text for name in proposal.missing)
    assert ("<unknown" in proposal.text) == bool(proposal.missing)


def test_an_action_of_another_bundle_becomes_a_request_in_words() -> None:
    """Nothing is invented for a format that is not known."""
    assert "Request draft" == propose(replace(SUBJECT, action="unheard_of")).format


def test_isolation_lets_nothing_in_or_out() -> None:
    """Both directions are named, and neither has a rule."""
    spec = manifest_of("isolate_workload")["spec"]
    assert ["Ingress", "Egress"] == spec["policyTypes"]
    assert ([], []) == (spec["ingress"], spec["egress"])
    assert {"matchLabels": {"backstage.io/kubernetes-id": "checkout-api"}} == spec["podSelector"]


def test_restricted_egress_lets_out_names_and_declared_dependencies() -> None:
    """A dependency without pods is a blank to fill in, not left out."""
    proposal = propose(replace(SUBJECT, action="change_network_policy"))
    rules = manifest_of("change_network_policy")["spec"]["egress"]
    assert [53, 53] == [port["port"] for port in rules[0]["ports"]]
    assert {"backstage.io/kubernetes-id": "ledger"} == rules[1]["to"][0]["podSelector"]["matchLabels"]
    assert ("address of ledger-db, as 192.0.2.1/32",) == proposal.missing
    assert f"<unknown: {proposal.missing[0]}>" == rules[2]["to"][0]["ipBlock"]["cidr"]


def test_blocked_egress_excepts_the_address_seen() -> None:
    """Of the right family; without one everything but name resolution is blocked."""
    block = manifest_of("block_egress")["spec"]["egress"][1]["to"][0]["ipBlock"]
    assert {"cidr": "0.0.0.0/0", "except": ["198.51.100.23/32"]} == block
    block = manifest_of("block_egress", remote_ip="2001:db8::7")["spec"]["egress"][1]["to"][0]["ipBlock"]
    assert {"cidr": "::/0", "except": ["2001:db8::7/128"]} == block
    assert 1 == len(manifest_of("block_egress", remote_ip=None)["spec"]["egress"])


def test_cordon_makes_the_node_unschedulable_and_names_what_a_drain_needs() -> None:
    """The drain's conditions are comments; the patch itself only cordons."""
    assert {"unschedulable": True} == manifest_of("cordon_and_drain_node")["spec"]
    assert "PodDisruptionBudget" in text_of("cordon_and_drain_node")


def test_a_rollback_is_a_patch_that_git_applies(tmp_path: Path) -> None:
    """The Application's targetRevision goes back, and nothing else changes."""
    path = tmp_path / "apps/checkout-api/application.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n"
        '  name: "checkout-api"\nspec:\n  source:\n    repoURL: "https://git.example.com/acme/apps.git"\n'
        '    path: "apps/checkout-api"\n    targetRevision: "main"\n'
    )
    before = path.read_text()
    patch = text_of("roll_back_release")
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch, text=True, check=True)
    assert before.replace('"main"', f'"{"a" * 40}"') == path.read_text()
    assert f"This reverts commit {'c' * 40}." in patch


def test_a_rollback_to_what_is_desired_already_is_no_patch() -> None:
    """It says that a sync is enough."""
    assert "a sync is enough" in text_of("roll_back_release", branch="a" * 40)


def test_without_an_application_the_image_tag_goes_back() -> None:
    """A deployment outside Argo CD has its tag in the chart's values."""
    patch = text_of("roll_back_release", application=None)
    assert [f'-  tag: "{"b" * 40}"', f'+  tag: "{"a" * 40}"'] == [
        line for line in patch.splitlines() if line[:3] in ("-  ", "+  ")
    ]


def test_a_key_is_deactivated_not_deleted() -> None:
    """UpdateAccessKey with Status Inactive can be undone."""
    request = json.loads(text_of("deactivate_access_key", principal="svc-deploy"))
    assert [
        {
            "operation": "iam:UpdateAccessKey",
            "parameters": {
                "UserName": "svc-deploy",
                "AccessKeyId": "AKIAIOSFODNN7EXAMPLE",
                "Status": "Inactive",
            },
        }
    ] == request["steps"]
    assert request["executed"] is False


def test_sessions_are_revoked_up_to_the_time_of_the_evidence() -> None:
    """The role of an assumed-role ARN; a token issued later stays good."""
    step = json.loads(text_of("revoke_temporary_credential"))["steps"][0]["parameters"]
    condition = step["PolicyDocument"]["Statement"][0]["Condition"]
    assert "ci-deployer" == step["RoleName"]
    assert {"DateLessThan": {"aws:TokenIssueTime": "2026-01-01T10:00:00Z"}} == condition


def test_a_key_is_rotated_consumer_by_consumer_before_it_ends() -> None:
    """Created first, made inactive last."""
    steps = json.loads(text_of("rotate_long_lived_key"))["steps"]
    assert ["iam:CreateAccessKey", "move-consumer", "iam:GetAccessKeyLastUsed", "iam:UpdateAccessKey"] == [
        step["operation"] for step in steps
    ]


@pytest.mark.parametrize(
    ("principal", "operation"),
    [
        ("jonas.weber", "iam:PutUserPermissionsBoundary"),
        ("arn:aws:iam::111122223333:user/jonas.weber", "iam:PutUserPermissionsBoundary"),
        ("arn:aws:sts::111122223333:assumed-role/ci-deployer/run-7", "iam:PutRolePermissionsBoundary"),
        ("arn:aws:iam::111122223333:role/ci-deployer", "iam:PutRolePermissionsBoundary"),
    ],
)
def test_permissions_are_narrowed_by_a_boundary_of_the_right_kind(principal: str, operation: str) -> None:
    """A user's for a user, a role's for a role."""
    steps = json.loads(text_of("revoke_broad_permissions", principal=principal))["steps"]
    assert [operation] == [step["operation"] for step in steps]


def test_a_bucket_is_closed_by_a_public_access_block() -> None:
    """All four switches on, as an added resource."""
    added = [line for line in text_of("close_public_exposure").splitlines() if line.startswith("+ ")]
    assert 5 == len(added)
    assert 4 == sum(line.endswith("= true") for line in added)


def test_a_security_group_is_narrowed_not_closed_to_all() -> None:
    """Which network needs access is for people to fill in."""
    patch = text_of("close_public_exposure", resource="sg-0a1b", resource_kind="SecurityGroup")
    assert '-  cidr_ipv4         = "0.0.0.0/0"' in patch
    assert "<unknown: network that needs access>" in patch


def test_a_restart_carries_the_decisions_time() -> None:
    """Not the clock's: the same evidence gives the same text."""
    annotations = manifest_of("restart_stateless_pod")["spec"]["template"]["metadata"]["annotations"]
    assert {"kubectl.kubernetes.io/restartedAt": "2026-01-01T10:00:00Z"} == annotations


def test_scaling_adds_one_to_the_pods_seen() -> None:
    """An integer, as the API wants it."""
    assert {"replicas": 3} == manifest_of("scale_replica_set")["spec"]


def test_a_job_is_run_again_as_a_dry_run_only() -> None:
    """The line as written would change nothing."""
    assert "--dry-run=server" in text_of("restart_failed_job")


@pytest.mark.parametrize(
    "action",
    [
        "isolate_workload",
        "change_network_policy",
        "block_egress",
        "cordon_and_drain_node",
        "restart_stateless_pod",
        "scale_replica_set",
    ],
)
def test_hostile_names_add_nothing_to_a_manifest(action: str) -> None:
    """The document has the same keys as with plain names."""

    def keys(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: keys(item) for key, item in value.items()}
        return [keys(item) for item in value] if isinstance(value, list) else type(value)

    assert keys(manifest_of(action, pods=("a",))) == keys(manifest_of(action, HOSTILE_SUBJECT))


def test_hostile_names_add_no_line_to_a_patch() -> None:
    """As many lines removed and added as with plain names."""
    for action in ("roll_back_release", "close_public_exposure", "delete_resource"):
        plain, hostile = text_of(action), text_of(action, HOSTILE_SUBJECT, previous_revision=f"p{HOSTILE}")
        counts = [[text.count(f"\n{mark}") for mark in "+-@"] for text in (plain, hostile)]
        assert counts[0] == counts[1], action


def test_hostile_names_stay_one_word_of_a_command() -> None:
    """Each command has as many words as with plain names."""
    import shlex

    for action in ("restart_failed_job", "collect_diagnostics"):
        counts = [
            [len(shlex.split(line)) for line in text_of(action, subject).splitlines() if line[0] != "#"]
            for subject in (replace(SUBJECT, pods=("a",)), HOSTILE_SUBJECT)
        ]
        assert counts[0] == counts[1], action


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_yaml_and_json_texts_read_back(text: str) -> None:
    """A YAML reader and a JSON reader find the very text, written in ASCII."""
    assert text == YAML(typ="safe", pure=True).load(yaml_text(text))
    assert text == json.loads(json_text(text))
    assert yaml_text(text).isascii()


@given(st.text())
def test_hcl_and_query_texts_cannot_be_left(text: str) -> None:
    """One line of ASCII between two quotation marks, with no template in HCL."""
    for quoted in (hcl_text(text), query_text(text)):
        body = quoted[1:-1].replace("\\\\", "").replace('\\"', "")
        assert quoted.isascii()
        assert "\n" not in quoted
        assert '"' not in body
    assert "${" not in hcl_text(text).replace("$${", "")
    assert "%{" not in hcl_text(text).replace("%%{", "")


@given(st.text())
def test_an_hcl_name_is_an_identifier(text: str) -> None:
    """Whatever it is made from."""
    assert hcl_name(text).isidentifier()
