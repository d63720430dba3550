"""What the rules say of a day on which nothing is wrong."""

from __future__ import annotations

from tests.detections.our_rules import hits, our_rules
from tests.detections.quiet_day import quiet_day

GRAVE = ("medium", "high", "critical")


def test_a_quiet_day_is_quiet() -> None:
    """A thousand calls and requests of a working day make no hit of level medium or higher."""
    found = hits(our_rules(), {"day": quiet_day()})["day"]
    headings = our_rules().headings()
    assert {} == {
        headings[rule].title: count for rule, count in found.items() if headings[rule].level in GRAVE
    }


def test_a_quiet_day_is_seen() -> None:
    """The same day makes hits of lower levels, so that its records are indeed looked at."""
    found = hits(our_rules(), {"day": quiet_day()})["day"]
    headings = our_rules().headings()
    seen = {"Token for a service account created", "Repository created", "Password or key of a user changed"}
    assert seen <= {headings[rule].title for rule in found}
