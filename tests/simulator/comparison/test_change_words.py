"""The sentences about single changes."""

from __future__ import annotations

from simulator.comparison.model import Parting
from simulator.comparison.rendering.change_words import parting_sentence


def test_where_only_approvers_part_they_are_named() -> None:
    """Action and mode are the same on both sides, and would show no difference."""
    part = {"known_at": "2026-01-05T08:01:00Z", "is_hindsight": False}
    same = {
        f"{side}_{field}": value
        for side in ("baseline", "candidate")
        for field, value in (("action", "restart"), ("mode", "approval_required"))
    }
    roles = {"baseline_approvers": ("app_owner", "security_lead"), "candidate_approvers": ()}
    assert (
        "2026-01-05T08:01:00Z: the baseline recommends restart (approval required) of app_owner,"
        " security_lead, the candidate recommends restart (approval required) of nobody."
    ) == parting_sentence(Parting(**part, **same, **roles))
