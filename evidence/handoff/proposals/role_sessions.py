"""Owns the request that ends sessions of a role: of one session, where the evidence names it.

IAM cannot end one credential. A denial on the role ends every session of it, unless `aws:userid` narrows it
to one: that is the role's id and the session's name, which for an instance is the instance's id.
"""

from __future__ import annotations

import re
from typing import Any

from evidence.handoff.inert import quote
from evidence.handoff.proposals import names
from evidence.handoff.proposals.blanks import in_request
from evidence.handoff.proposals.identity_request import identity_request
from evidence.handoff.proposals.quoting import kubernetes_name
from evidence.handoff.proposals.subject import Draft, Subject
from evidence.handoff.words import quoted_list

SESSIONS_POLICY = "AWSRevokeOlderSessions"  # as the console names it, which ends all sessions
_NAME_MAX = 50  # characters of the incident's name in the policy's
_ASSUMED_ROLE = re.compile(r"(?:.*:)?assumed-role/([^/]+)(?:/.*)?")
_INSTANCE = re.compile(r"[^:]+:i-[0-9a-f]+")


def revoke_sessions(subject: Subject) -> Draft:
    """Denies everything to sessions of the role whose token is older than the evidence."""
    blanks = in_request()
    session = subject.session if names.role_session(subject.session or "") else None
    policy_name = f"Revoke-{kubernetes_name(subject.incident_id, _NAME_MAX)}" if session else SESSIONS_POLICY
    parameters = {
        "RoleName": blanks.fill(role_name(subject.principal), "role name", names.iam_name),
        "PolicyName": policy_name,
        "PolicyDocument": _denial(subject.as_of, session),
    }
    conditions = "DateLessThan aws:TokenIssueTime" + (", StringEquals aws:userid" if session else "")
    return identity_request(
        subject,
        blanks,
        f"AWS IAM request (PutRolePolicy, {conditions})",
        [{"operation": "iam:PutRolePolicy", "parameters": parameters}],
        checks=(
            *(_ends_one(subject, session) if session else _ends_all(subject)),
            "Whatever gave the credential away cannot simply obtain a new one.",
            f"The role has no inline policy {policy_name} yet: it would be replaced.",
        ),
        undo=f"Delete the inline policy {policy_name} from the role: what has not ended by then works again.",
    )


def role_name(principal: str | None) -> str | None:
    """The role's name out of an assumed-role ARN or a plain name."""
    if principal is None:
        return None
    match = _ASSUMED_ROLE.fullmatch(principal)
    return match[1] if match else principal.rpartition("/")[2]


def is_session_of_role(principal: str) -> bool:
    """Whether the ARN is of a role that somebody took on."""
    return _ASSUMED_ROLE.fullmatch(principal) is not None


def whom_it_hits(subject: Subject) -> str:
    """Who uses the identity by the catalogue; that it names nobody does not mean that nobody does."""
    if subject.consumers:
        consumers = quoted_list(list(subject.consumers))
        return f"Who needs it by the catalogue knows of it beforehand: {consumers}."
    return "The catalogue names nobody who needs it, and somebody may: who does is found out beforehand."


def _denial(as_of: str, session: str | None) -> dict[str, Any]:
    condition: dict[str, Any] = {"DateLessThan": {"aws:TokenIssueTime": as_of}}
    if session:
        condition["StringEquals"] = {"aws:userid": session}
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": ["*"], "Resource": ["*"], "Condition": condition}],
    }


def _ends_one(subject: Subject, session: str) -> tuple[str, ...]:
    found = [
        f"It ends the session {quote(session)} as issued before {subject.as_of}, and no other of the role:"
        " whoever holds it rightfully loses access too.",
    ]
    if _INSTANCE.fullmatch(session):
        found.append(
            "The session is a node's: whatever runs on it has no access to AWS until the node has a new one,"
            " which it gets when this one ends, or when its instance profile is attached anew."
        )
    return (*found, whom_it_hits(subject))


def _ends_all(subject: Subject) -> tuple[str, ...]:
    return (
        f"The evidence does not name the session: this ends every session of the role issued before"
        f" {subject.as_of}, and not the one credential alone.",
        whom_it_hits(subject),
        "That reaches further than the one credential, for which the playbook set the approval: whoever owns"
        " the role agrees first. A node gets a new session only when its old one ends, or when its instance"
        " profile is attached anew.",
    )
