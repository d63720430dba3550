"""Terraform diffs for the cloud's own resources: close what is open to everyone, delete a resource."""

from __future__ import annotations

import difflib

from evidence.handoff.proposals.quoting import comment_lines, hcl_name, hcl_text
from evidence.handoff.proposals.subject import Blanks, Draft, Subject

EVERYONE = ("0.0.0.0/0", "::/0")


def close_exposure(subject: Subject) -> Draft:
    """A security group's rule narrowed, or a bucket's public access block added."""
    kind = (subject.resource_kind or "").lower()
    resource = subject.resource or subject.target or ""
    is_group = "security" in kind or resource.startswith("sg-")
    return _narrow_security_group(subject) if is_group else _block_public_access(subject)


def delete_resource(subject: Subject) -> Draft:
    """The resource's block taken out; the plan, not this text, shows what would go with it."""
    blanks = Blanks()
    resource = blanks.fill(subject.resource or subject.target, "resource")
    kind = blanks.fill(subject.resource_kind, "resource type")
    old = [
        *comment_lines([f"Resource {resource} of type {kind}"]),
        f'resource {hcl_text(hcl_name(kind))} "{hcl_name(resource)}" {{',
        "  # … as it stands in the configuration",
        "}",
    ]
    return _diff(
        subject,
        blanks,
        old,
        [],
        checks=(
            "The plan deletes this resource and no other.",
            "A backup or snapshot exists, and a restore from it has been tried.",
            "Nobody needs it as evidence: a copy is kept first.",
        ),
        undo="There is none: a deleted resource comes back only from a backup.",
    )


def _block_public_access(subject: Subject) -> Draft:
    blanks = Blanks()
    bucket = blanks.fill(subject.resource or subject.target, "bucket").removeprefix("arn:aws:s3:::")
    new = [
        f'resource "aws_s3_bucket_public_access_block" "{hcl_name(bucket)}" {{',
        f"  bucket                  = {hcl_text(bucket)}",
        "  block_public_acls       = true",
        "  block_public_policy     = true",
        "  ignore_public_acls      = true",
        "  restrict_public_buckets = true",
        "}",
    ]
    return _diff(
        subject,
        blanks,
        [],
        new,
        checks=(
            "The bucket is not meant to be public (a website, public assets).",
            "No other account reads it through the policy that the block overrides.",
            "The plan changes this resource and no other.",
        ),
        undo="Remove the block again; the bucket's policy and lists are left as they are.",
    )


def _narrow_security_group(subject: Subject) -> Draft:
    blanks = Blanks()
    group = blanks.fill(subject.resource or subject.target, "security group")
    network = blanks.fill(None, "network that needs access")
    head = [
        f'resource "aws_vpc_security_group_ingress_rule" "{hcl_name(group)}" {{',
        f"  security_group_id = {hcl_text(group)}",
    ]
    return _diff(
        subject,
        blanks,
        [*head, f"  cidr_ipv4         = {hcl_text(EVERYONE[0])}", "}"],
        [*head, f"  cidr_ipv4         = {hcl_text(network)}", "}"],
        checks=(
            "The group does not serve something that everyone is meant to reach.",
            "The plan changes this rule and no other; rules for IPv6 are looked at too.",
        ),
        undo="Revert the patch.",
    )


def _diff(
    subject: Subject, blanks: Blanks, old: list[str], new: list[str], *, checks: tuple[str, ...], undo: str
) -> Draft:
    path = f"{hcl_name(subject.incident_id)}.tf"
    before, after = (f"a/{path}" if old else "/dev/null"), (f"b/{path}" if new else "/dev/null")
    lines = [
        *comment_lines(["Proposal, not applied.", f"Incident {subject.incident_id}: {subject.title}"]),
        *difflib.unified_diff(old, new, before, after, lineterm=""),
    ]
    return Draft("Terraform diff", "text/x-diff", "\n".join(lines), checks, undo, tuple(blanks.missing))
