"""Owns the request that an identity workflow takes: steps for one account, with who must approve them.

A step names an operation of the AWS API with that operation's parameters (a policy document as an
object), or one of the workflow's own. For a value that the evidence does not hold an object says what to
fill in.
"""

from __future__ import annotations

from typing import Any

from evidence.handoff.proposals import names
from evidence.handoff.proposals.blanks import Blanks
from evidence.handoff.proposals.quoting import json_text
from evidence.handoff.proposals.subject import Draft, Subject


def identity_request(
    subject: Subject,
    blanks: Blanks[dict[str, str]],
    format_: str,
    steps: list[dict[str, Any]],
    *,
    checks: tuple[str, ...],
    undo: str,
) -> Draft:
    """The steps as an inert JSON request, marked as not executed."""
    request = {
        "incident": subject.incident_id,
        "account": blanks.fill(subject.account, "account", names.account_id),
        "requires_approval_of": list(subject.approvers),
        "steps": steps,
        "executed": False,
    }
    return Draft(format_, "application/json", json_text(request), checks, undo, blanks.to_fill_in)
