"""The worked example of the three figures is computed by the code that grades."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from grading_example import confidence_terms, example_text, graded, impact_terms, total_of

from evidence.decision import load_active
from evidence.decision.bundle import Bundle

ROOT = Path(__file__).parents[2]
PAGE = "docs/explanation/severity-confidence-impact.md"
BEGIN = "<!-- Written by `make golden` with the active bundle; do not edit down to the end mark. -->\n"
END = "<!-- end of example -->"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """The active bundle."""
    return load_active(ROOT / "playbooks")


@pytest.mark.golden
def test_the_example_follows_from_the_active_bundle(golden, bundle) -> None:
    """The page shows what the active bundle gives."""
    text = (ROOT / PAGE).read_text()
    between = re.compile(f"(?<={re.escape(BEGIN)}).*?(?={re.escape(END)})", re.DOTALL)
    golden(PAGE, between.sub(lambda _: "\n" + example_text(bundle), text))


def test_the_terms_shown_add_up_to_what_the_code_computes(bundle) -> None:
    """Confidence and impact are the sums that the page shows."""
    row = graded(bundle.grading)
    assert row["confidence"] == total_of(confidence_terms(bundle.grading))
    assert row["impact"] == total_of(impact_terms(bundle.grading))


def test_no_threshold_makes_the_example_wrong(bundle) -> None:
    """The example's error rate is over policy and its latency is not, as the page says."""
    row = graded(bundle.grading)
    assert (True, False) == (row["is_error_rate_over_policy"], row["is_latency_over_policy"])
