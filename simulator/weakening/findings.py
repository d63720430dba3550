"""Owns the kinds of what a candidate gives up, gravest first, and which fail a comparison by themselves."""

from __future__ import annotations

from enum import StrEnum


class Finding(StrEnum):
    """What is found in the two bundles alone."""

    APPROVAL_REMOVED = "approval-removed"
    APPROVER_REDIRECTED = "approver-redirected"  # the same role is asked, at another address
    SAFETY_WEAKENED = "safety-weakened"

    @property
    def is_approval(self) -> bool:
        """Whether whoever had to agree no longer is asked: that fails unless it is allowed by name."""
        return self is not Finding.SAFETY_WEAKENED
