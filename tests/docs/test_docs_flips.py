"""The page about minimal flips shows what `evidence explain` says of a recorded incident."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence import decision
from evidence.decision.decide import decisions_of_record
from evidence.decision.flips import minimal_flips

ROOT = Path(__file__).parents[2]
PAGE = "docs/explanation/minimal-flip.md"
RELEASE = "inc-0102-checkout-bad-release"
HEADING = "## What would change it\n"
BEGIN = "<!-- Written by `make golden`: a release. Do not edit down to the end mark. -->\n"
END = "<!-- end of a release -->"


@pytest.mark.golden
def test_the_section_shown_is_what_explain_says(golden: Callable, recorded) -> None:
    """The example is the real section of the recorded release."""
    told = decision.explain(recorded, RELEASE, decision.load_active(ROOT / "playbooks"))
    section = told[told.index(HEADING) :].partition("\n\n")[0]
    shown = "\n".join(["", "```console", f"$ evidence explain {RELEASE}", "…", section, "…", "```", "", ""])
    between = re.compile(f"(?<={re.escape(BEGIN)}).*?(?={re.escape(END)})", re.DOTALL)
    text = (ROOT / PAGE).read_text()
    assert between.search(text)
    golden(PAGE, between.sub(lambda _: shown, text))


@pytest.mark.slow
def test_one_fact_is_enough_on_every_recorded_incident(recorded) -> None:
    """As the page says: no recorded decision takes more than one fact to change."""
    bundle = decision.load_active(ROOT / "playbooks")
    decided = list(decisions_of_record(recorded, bundle))
    assert {1} == {minimal_flips(bundle, each.row).size for each in decided}
