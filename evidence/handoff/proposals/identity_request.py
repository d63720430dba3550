"""Owns the request that an identity workflow takes: steps for one account, with who must approve them."""

from __future__ import annotations

from typing import Any

from evidence.handoff.proposals.quoting import json_text
from evidence.handoff.proposals.subject import Blanks, Draft, Subject


def identity_request(
    subject: Subject,
    blanks: Blanks,
    format_: str,
    steps: list[dict[str, Any]],
    *,
    checks: tuple[str, ...],
    undo: str,
) -> Draft:
    """The steps as an inert JSON request, marked as not executed; what is unknown stays a named blank."""
    request = {
        "incident": subject.incident_id,
        "account": blanks.fill(subject.account, "account"),
        "requires_approval_of": list(subject.approvers),
        "steps": steps,
        "executed": False,
    }
    return Draft(format_, "application/json", json_text(request), checks, undo, tuple(blanks.missing))
