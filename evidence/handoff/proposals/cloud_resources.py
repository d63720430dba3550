"""Terraform patches for the cloud's own resources: close what is open to everyone, delete a resource.

Each adds one file, because no evidence shows the configuration as it stands; what is missing is a variable,
which Terraform asks for.
"""

from __future__ import annotations

import difflib
import re

from evidence.handoff.model import FillIn
from evidence.handoff.proposals import messages, names
from evidence.handoff.proposals.quoting import comment_lines, hcl_name, hcl_text, heading
from evidence.handoff.proposals.subject import Draft, Subject

# Kinds of resources as the evidence names them, and Terraform's types for them.
TERRAFORM_TYPES = {
    "db_snapshot": "aws_db_snapshot",
    "function": "aws_lambda_function",
    "iam_role": "aws_iam_role",
    "iam_user": "aws_iam_user",
    "image": "aws_ami",
    "s3_bucket": "aws_s3_bucket",
    "secret": "aws_secretsmanager_secret",
    "security_group": "aws_security_group",
    "snapshot": "aws_ebs_snapshot",
    "trail": "aws_cloudtrail",
}
_BUCKET = re.compile(r"(?:arn:aws[a-z-]*:s3:::)?([^/]+)(?:/.*)?")


def close_exposure(subject: Subject) -> Draft:
    """A bucket's public access block, or a security group's rule narrowed; else a request in words."""
    kind, resource = (subject.resource_kind or "").lower(), subject.resource or subject.target or ""
    if "security" in kind or resource.startswith("sg-"):
        return _narrow_security_group(subject)
    if not kind or "s3" in kind or "bucket" in kind:
        return _block_public_access(subject)
    return messages.generic(subject)


def delete_resource(subject: Subject) -> Draft:
    """A `removed` block that destroys (Terraform 1.7); only the plan shows what would go with it."""
    resource = subject.resource or subject.target or "the resource"
    type_ = TERRAFORM_TYPES.get(subject.resource_kind or "", "fill_in_type")
    address = f"{type_}.fill_in_name"
    lines = [
        *comment_lines([f"to fill in: the address that Terraform's state has for {resource}"]),
        "removed {",
        f"  from = {address}",
        "",
        "  lifecycle {",
        "    destroy = true",
        "  }",
        "}",
    ]
    return _new_file(
        subject,
        lines,
        checks=(
            "The resource's own block leaves the configuration in the same change: Terraform refuses both.",
            "The plan deletes this resource and no other.",
            "A backup or snapshot exists, and a restore from it has been tried.",
            "Nobody needs it as evidence: a copy is kept first.",
        ),
        undo="There is none: a deleted resource comes back only from a backup.",
        to_fill_in=(FillIn(what="address of the resource in Terraform's state", stands_as=address),),
    )


def _block_public_access(subject: Subject) -> Draft:
    match = _BUCKET.fullmatch(subject.resource or subject.target or "")
    variables = _Variables()
    bucket = variables.fill(match[1] if match else None, "bucket", names.bucket_name)
    lines = [
        f'resource "aws_s3_bucket_public_access_block" "{hcl_name(match[1] if match else "bucket")}" {{',
        f"  bucket                  = {bucket}",
        "  block_public_acls       = true",
        "  block_public_policy     = true",
        "  ignore_public_acls      = true",
        "  restrict_public_buckets = true",
        "}",
    ]
    return _new_file(
        subject,
        [*variables.blocks, *lines],
        checks=(
            "The bucket is not meant to be public (a website, public assets).",
            "No other account reads it through the policy that the block overrides.",
            "The configuration has no such block for the bucket yet; else set its four switches to true.",
            "The plan changes this resource and no other.",
        ),
        undo="Remove the block again; the bucket's policy and lists are left as they are.",
        to_fill_in=variables.to_fill_in,
    )


def _narrow_security_group(subject: Subject) -> Draft:
    variables = _Variables()
    group = subject.resource or subject.target
    name = hcl_name(group or "security_group")
    group_id = variables.fill(group, "security group", names.security_group_id)
    rule = variables.fill(None, "rule that is open to everyone")
    network = variables.fill(None, "network that needs access")
    port = variables.fill(None, "port")
    lines = [
        "import {",
        f"  to = aws_vpc_security_group_ingress_rule.{name}",
        f"  id = {rule}",
        "}",
        "",
        f'resource "aws_vpc_security_group_ingress_rule" "{name}" {{',
        f"  security_group_id = {group_id}",
        f"  cidr_ipv4         = {network}",
        '  ip_protocol       = "tcp"',
        f"  from_port         = {port}",
        f"  to_port           = {port}",
        "}",
    ]
    return _new_file(
        subject,
        [*variables.blocks, *lines],
        checks=(
            "The group does not serve something that everyone is meant to reach.",
            "The configuration does not have the rule yet; else narrow it there.",
            "The plan imports and changes this rule and no other; rules for IPv6 are looked at too.",
        ),
        undo="Revert the patch, and widen the rule again.",
        to_fill_in=variables.to_fill_in,
    )


class _Variables:
    """Input variables for what is not known: Terraform has no plan until each has a value."""

    def __init__(self) -> None:
        self._whats: list[str] = []

    def fill(self, value: str | None, what: str, takes: names.Takes = names.anything) -> str:
        """The value as a literal, or a reference to a variable for `what`."""
        if value and takes(value):
            return hcl_text(value)
        self._whats.append(what)
        return f"var.{hcl_name(what)}"

    @property
    def blocks(self) -> list[str]:
        """The declarations, each followed by an empty line."""
        return [
            line
            for what in self._whats
            for line in (
                f'variable "{hcl_name(what)}" {{',
                "  type        = string",
                f"  description = {hcl_text(f'To fill in: {what}')}",
                "}",
                "",
            )
        ]

    @property
    def to_fill_in(self) -> tuple[FillIn, ...]:
        """One per variable."""
        return tuple(FillIn(what=what, stands_as=f"var.{hcl_name(what)}") for what in self._whats)


def _new_file(
    subject: Subject, lines: list[str], *, checks: tuple[str, ...], undo: str, to_fill_in: tuple[FillIn, ...]
) -> Draft:
    path = f"{hcl_name(subject.incident_id)}.tf"
    text = [
        *heading("applied", subject.incident_id, subject.title),
        *comment_lines(["Adds one file to the configuration that manages the account."]),
        f"diff --git a/{path} b/{path}",
        "new file mode 100644",
        *difflib.unified_diff([], lines, "/dev/null", f"b/{path}", lineterm=""),
    ]
    return Draft("Terraform patch (one new file)", "text/x-diff", "\n".join(text), checks, undo, to_fill_in)
