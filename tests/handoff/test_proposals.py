"""Proposals are inert, well-formed texts in the tools' own formats, whatever the evidence names."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.handoff.proposals import DRAFTERS, Subject, Workload, propose

from . import formats
from .made import BUNDLE
from .proposed import BARE, HOSTILE, HOSTILE_SUBJECT, SUBJECT, manifest_of, text_of


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
@pytest.mark.parametrize("subject", [SUBJECT, BARE, HOSTILE_SUBJECT], ids=["plain", "bare", "hostile"])
def test_every_proposal_is_valid_as_it_stands(action: str, subject: Subject) -> None:
    """In its own format, whatever is known; what is not known is marked in a form that the format takes."""
    formats.hold(propose(replace(subject, action=action)))


@given(
    st.sampled_from(sorted(DRAFTERS)),
    st.sampled_from(
        ("service", "node", "principal", "credential", "resource", "target", "title", "account", "remote_ip")
    ),
    st.text(alphabet=st.characters(exclude_categories=["Cs"])),
)
@settings(max_examples=60)
def test_no_name_makes_a_proposal_invalid(action: str, field: str, name: str) -> None:
    """A name that the tool would refuse is treated as one that is not known."""
    workload = Workload(name, name, "backstage.io/kubernetes-id", name)
    subject = replace(SUBJECT, action=action, workload=workload, pods=(name,), **{field: name})
    formats.hold(propose(subject))


@pytest.mark.parametrize("action", sorted(DRAFTERS))
def test_only_what_is_not_known_is_to_be_filled_in(action: str) -> None:
    """With everything known there is a blank only for a dependency without pods and a resource's address."""
    known = {
        "change_network_policy": ["address of “ledger-db”"],
        "delete_resource": ["address of the resource in Terraform's state"],
        # A session of a role holds no key: whose it is stays open.
        "deactivate_access_key": ["user name"],
        "rotate_long_lived_key": ["user name"],
    }
    assert known.get(action, []) == [
        blank.what for blank in propose(replace(SUBJECT, action=action)).to_fill_in
    ]


def test_a_name_that_the_tool_refuses_is_said() -> None:
    """The reader learns that the evidence has one, and what it is."""
    (blank,) = propose(replace(SUBJECT, action="cordon_and_drain_node", node="Node One")).to_fill_in
    assert ("node; “Node One” in the evidence is not one", "fill-in-node") == (blank.what, blank.stands_as)


def test_a_command_with_a_blank_stops_before_it_does_anything() -> None:
    """The shell itself refuses a parameter that is not set, and says what it is for."""
    subject = replace(BARE, action="restart_failed_job")
    done = subprocess.run(["bash"], input=propose(subject).text, text=True, capture_output=True)
    assert 0 != done.returncode
    assert "to fill in: job" in done.stderr


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
    assert ["192.0.2.1/32"] == [blank.stands_as for blank in proposal.to_fill_in]
    assert "192.0.2.1/32" == rules[2]["to"][0]["ipBlock"]["cidr"]
    assert "# to fill in: address of “ledger-db”" in proposal.text


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


def test_one_session_is_ended_where_the_evidence_names_it() -> None:
    """Those of others who use the role go on; of a node's, it is said when the node has access again."""
    subject = replace(SUBJECT, action="revoke_temporary_credential", session="AROAEXAMPLE7:i-0abcdef123")
    proposal = propose(subject)
    parameters = json.loads(proposal.text)["steps"][0]["parameters"]
    condition = parameters["PolicyDocument"]["Statement"][0]["Condition"]
    assert {"aws:userid": "AROAEXAMPLE7:i-0abcdef123"} == condition["StringEquals"]
    assert "Revoke-inc-1" == parameters["PolicyName"]
    said = " ".join(proposal.checks)
    assert "and no other of the role" in said
    assert "The session is a node's" in said
    assert "Who needs it by the catalogue knows of it beforehand: “release-pipeline”." in said
    formats.hold(proposal)


@pytest.mark.parametrize("session", [None, "AIDAEXAMPLE", "AROAEXAMPLE7:*", HOSTILE])
def test_without_a_session_it_is_said_whom_a_denial_on_the_role_hits(session: str | None) -> None:
    """Every session of the role, whoever they are; who owns the role is asked first."""
    subject = replace(SUBJECT, action="revoke_temporary_credential", session=session, consumers=())
    proposal = propose(subject)
    said = " ".join(proposal.checks)
    assert "aws:userid" not in proposal.text
    assert "this ends every session of the role" in said
    assert "The catalogue names nobody who needs it, and somebody may" in said
    assert "whoever owns the role agrees first" in said
    formats.hold(proposal)


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
    """Which network needs access is for people to say: Terraform asks for it."""
    patch = text_of("close_public_exposure", resource="sg-0a1b", resource_kind="security_group")
    assert "+  cidr_ipv4         = var.network_that_needs_access" in patch
    assert '+variable "network_that_needs_access" {' in patch


def test_an_exposure_without_a_patch_of_its_own_is_a_request_in_words() -> None:
    """A shared snapshot is not closed by a bucket's block."""
    kind = {"resource": "snap-1", "resource_kind": "snapshot"}
    assert "Request draft" == propose(replace(SUBJECT, action="close_public_exposure", **kind)).format


def test_a_restart_takes_the_failing_pod_and_no_other() -> None:
    """Its controller replaces it; the pods that are well go on."""
    lines = text_of("restart_stateless_pod").splitlines()
    assert "kubectl delete pod checkout-api-2 --namespace=payments --dry-run=server" == lines[-1]


def test_scaling_adds_one_to_the_pods_seen() -> None:
    """Refused by the API server where the current number is another, so that it never scales down."""
    words = text_of("scale_replica_set").splitlines()[-1].split()
    assert ["kubectl", "scale", "deployment/checkout-api"] == words[:3]
    assert ["--current-replicas=2", "--replicas=3"] == words[4:6]


def test_the_kind_of_a_workload_is_not_guessed() -> None:
    """Where no event states it, a person does."""
    proposal = propose(replace(SUBJECT, action="scale_replica_set", workload_kind=None))
    assert ["kind of the workload"] == [blank.what for blank in proposal.to_fill_in]


def test_a_failed_job_is_made_anew_from_the_job_itself() -> None:
    """kubectl makes a Job from a CronJob only; a Job without one is read, renamed and created again."""
    line = text_of("restart_failed_job", workload_kind="Job").splitlines()[-1]
    job = {
        "metadata": {"name": "x", "uid": "1", "resourceVersion": "2"},
        "spec": {
            "selector": {},
            "template": {"metadata": {"labels": {"controller-uid": "1", "app": "x"}}},
        },
        "status": {},
    }
    words = shlex.split(line.partition(" | ")[2].rpartition(" | ")[0])
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    made = subprocess.run(words, input=json.dumps(job), text=True, check=True, capture_output=True).stdout
    assert {
        "metadata": {"name": "checkout-api-again"},
        "spec": {"template": {"metadata": {"labels": {"app": "x"}}}},
    } == json.loads(made)


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
    ],
)
def test_hostile_names_add_nothing_to_a_manifest(action: str) -> None:
    """The document has the same keys as with plain names."""

    def keys(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: keys(item) for key, item in value.items()}
        return [keys(item) for item in value] if isinstance(value, list) else type(value)

    assert keys(manifest_of(action, pods=("a",))) == keys(manifest_of(action, HOSTILE_SUBJECT))


def test_hostile_names_stay_one_word_of_a_command() -> None:
    """Each command has as many words as with plain names."""
    for action in ("restart_failed_job", "restart_stateless_pod", "scale_replica_set"):
        counts = [
            [len(shlex.split(line)) for line in text_of(action, subject).splitlines() if line[0] != "#"]
            for subject in (SUBJECT, HOSTILE_SUBJECT)
        ]
        assert counts[0] == counts[1], action


def test_hostile_names_run_nothing(tmp_path: Path) -> None:
    """In no command: what is not a name of the tool's own is a blank, and a blank stops the line."""
    evil = replace(HOSTILE_SUBJECT, **dict.fromkeys(("target", "service", "node"), "$(touch run); touch run"))
    for action in sorted(DRAFTERS):
        proposal = propose(replace(evil, action=action))
        if proposal.media_type == "text/x-shellscript":
            subprocess.run(["bash"], input=proposal.text, text=True, cwd=tmp_path, capture_output=True)
    assert [] == list(tmp_path.iterdir())
