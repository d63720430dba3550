"""Requests to an identity workflow about identities: disable a person's, narrow the rights of one."""

from __future__ import annotations

from typing import Any

from evidence.handoff.proposals import names
from evidence.handoff.proposals.blanks import in_request
from evidence.handoff.proposals.credentials import user_name
from evidence.handoff.proposals.identity_request import identity_request
from evidence.handoff.proposals.role_sessions import role_name, whom_it_hits
from evidence.handoff.proposals.subject import Draft, Subject

# Managed policies of AWS: attaching the first denies everything, the second allows reading only.
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def disable_human(subject: Subject) -> Draft:
    """Suspend at the identity provider and deny everything in the account; nothing is deleted."""
    blanks = in_request()
    person = (subject.principal or "").rpartition("/")[2] or None
    steps: list[dict[str, Any]] = [
        {"operation": "identity-provider:SuspendUser", "parameters": {"user": blanks.fill(person, "person")}},
    ]
    if not _is_role(subject.principal):
        user = blanks.fill(user_name(subject.principal), "user name", names.iam_name)
        steps.append(
            {"operation": "iam:AttachUserPolicy", "parameters": {"UserName": user, "PolicyArn": DENY_ALL}}
        )
    return identity_request(
        subject,
        blanks,
        "Identity workflow request (suspend a person's identity)",
        steps,
        checks=(
            "The identity is not the only way in during an emergency; another way has been tried.",
            "People tell the person, their manager and, where the law asks for it, the works council.",
            "Roles that the identity has taken on live until their sessions end: they are looked at too.",
        ),
        undo="Lift the suspension, and detach AWSDenyAll where it is attached.",
    )


def narrow_permissions(subject: Subject) -> Draft:
    """A permissions boundary that leaves reading only; policies stay attached, so that it can be undone."""
    blanks = in_request()
    is_role = _is_role(subject.principal)
    name = role_name(subject.principal)
    operation = "iam:PutRolePermissionsBoundary" if is_role else "iam:PutUserPermissionsBoundary"
    key = "RoleName" if is_role else "UserName"
    steps: list[dict[str, Any]] = [
        {
            "operation": operation,
            "parameters": {
                key: blanks.fill(name, "principal", names.iam_name),
                "PermissionsBoundary": READ_ONLY,
            },
        }
    ]
    return identity_request(
        subject,
        blanks,
        "AWS IAM request (permissions boundary)",
        steps,
        checks=(
            "What the identity does in production today needs no more than reading, or can wait.",
            *([f"It holds for every session of the role. {whom_it_hits(subject)}"] if is_role else []),
        ),
        undo="Delete the permissions boundary, or put back the one that was there.",
    )


def _is_role(principal: str | None) -> bool:
    return principal is not None and ("assumed-role/" in principal or ":role/" in principal)
