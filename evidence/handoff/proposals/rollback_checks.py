"""Owns what to see for oneself before any rollback, and how the revisions of one are told apart."""

from __future__ import annotations

import re

from evidence.handoff.proposals.subject import Subject

CHECKS = (
    "Error rate and latency are over policy for this same service (see the guardrails).",
    "The previous revision still builds, and its database schema fits the data of today.",
    "No other service that shares the release needs what it brought.",
)
SHORT = 12  # characters of a commit's name that are enough to tell it from others
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def revision_names(subject: Subject) -> tuple[str, str]:
    """(before, now): commits shortened where that tells them apart; whatever else names a revision, whole."""
    before, now = subject.previous_revision, subject.revision
    names = _name(before), _name(now)
    if names[0] == names[1] and before != now:
        names = before, now
    return names[0] or "the previous revision", names[1] or "the current one"


def sync_check(subject: Subject) -> str:
    """Whether a merge alone reaches the cluster."""
    if subject.is_auto_sync:
        return "Automated sync is on: the merge alone brings the change to the cluster, so merge when ready."
    return "Automated sync is not known to be on: somebody syncs after the merge."


def _name(revision: str | None) -> str | None:
    return revision[:SHORT] if revision and _COMMIT.fullmatch(revision) else revision
