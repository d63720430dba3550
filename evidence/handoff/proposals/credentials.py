"""Requests to an identity workflow about keys and secrets: deactivate, rotate."""

from __future__ import annotations

from typing import Any

from evidence.handoff.proposals import names
from evidence.handoff.proposals.blanks import Blanks, in_request
from evidence.handoff.proposals.identity_request import identity_request
from evidence.handoff.proposals.role_sessions import is_session_of_role
from evidence.handoff.proposals.subject import Draft, Subject


def deactivate_access_key(subject: Subject) -> Draft:
    """iam:UpdateAccessKey with Status Inactive: undone by the same call with Active."""
    blanks = in_request()
    parameters = {
        "UserName": blanks.fill(user_name(subject.principal), "user name", names.iam_name),
        "AccessKeyId": blanks.fill(subject.credential, "access key id", names.access_key_id),
        "Status": "Inactive",
    }
    return identity_request(
        subject,
        blanks,
        "AWS IAM request (UpdateAccessKey)",
        [{"operation": "iam:UpdateAccessKey", "parameters": parameters}],
        checks=(
            "What still uses the key is known, and can do without it.",
            "The key id is the one in the evidence.",
        ),
        undo="The same request with Status Active.",
    )


def rotate_access_key(subject: Subject) -> Draft:
    """A second key, moved to consumer by consumer, before the first is made inactive."""
    blanks = in_request()
    user = blanks.fill(user_name(subject.principal), "user name", names.iam_name)
    key = blanks.fill(subject.credential, "access key id", names.access_key_id)
    steps: list[dict[str, Any]] = [
        {"operation": "iam:CreateAccessKey", "parameters": {"UserName": user}},
        *_consumer_steps(subject, blanks),
        {
            "operation": "iam:GetAccessKeyLastUsed",
            "parameters": {"AccessKeyId": key},
            "until": "no use since the move",
        },
        {
            "operation": "iam:UpdateAccessKey",
            "parameters": {"UserName": user, "AccessKeyId": key, "Status": "Inactive"},
        },
    ]
    return identity_request(
        subject,
        blanks,
        "Rotation request (AWS IAM access key)",
        steps,
        checks=(
            "Every consumer in the list is known to work with a new key, and the list is complete.",
            "The user has at most one key now: IAM allows two.",
        ),
        undo="Until the last step the old key works; after it, the last step with Status Active.",
    )


def rotate_secret(subject: Subject) -> Draft:
    """A new version of the secret, moved to consumer by consumer, before the old one ends."""
    blanks = in_request()
    secret = blanks.fill(subject.credential or subject.target, "secret")
    steps: list[dict[str, Any]] = [
        {"operation": "create-new-version", "parameters": {"secret": secret}},
        *_consumer_steps(subject, blanks),
        {"operation": "end-old-version", "parameters": {"secret": secret}, "until": "no consumer reads it"},
    ]
    return identity_request(
        subject,
        blanks,
        "Rotation request (secret)",
        steps,
        checks=("Rotation has been rehearsed with every consumer in the list, and the list is complete.",),
        undo="Until the last step the old version works; after it there is no way back.",
    )


def user_name(principal: str | None) -> str | None:
    """The user's name out of a user's ARN or a plain name; a session of a role is no user."""
    if principal is None or is_session_of_role(principal):
        return None
    return principal.rpartition("/")[2]


def _consumer_steps(subject: Subject, blanks: Blanks[dict[str, str]]) -> list[dict[str, Any]]:
    consumers = subject.consumers or (blanks.mark("consumers of the credential"),)
    return [{"operation": "move-consumer", "parameters": {"consumer": consumer}} for consumer in consumers]
