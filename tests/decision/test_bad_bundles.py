"""Every shipped bad bundle is refused, with its place and, where a proof would break, a counterexample."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.decision import load_bundle
from evidence.errors import PlaybookError

from .deciding import BAD_BUNDLES, ROOT

NAMES = sorted(path.name for path in BAD_BUNDLES.iterdir())
WITH_COUNTEREXAMPLE = {
    "also-reads-blast-radius",
    "escalation-reads-confidence",
    "floor-lowered-on-a-higher-rung",
    "need-depends-on-the-state",
    "policy-reads-confidence",
    "precondition-reads-blast-radius",
    "precondition-reads-confidence",
    "rule-reads-confidence",
    "rule-reads-time-passed",
    "two-actions-on-one-rung",
}


def refusal_of(name: str) -> str:
    with pytest.raises(PlaybookError) as refusal:
        load_bundle(BAD_BUNDLES / name)
    return str(refusal.value).replace(str(BAD_BUNDLES / name) + "/", "")


@pytest.mark.golden
@pytest.mark.parametrize("name", NAMES)
def test_bad_bundle_is_refused_as_recorded(name: str, golden) -> None:  # type: ignore[no-untyped-def]
    """The refusal names file, line, column, what is wrong and what would happen."""
    path = (BAD_BUNDLES / name / "refusal.txt").relative_to(ROOT)
    golden(path, refusal_of(name) + "\n")


@pytest.mark.parametrize("name", NAMES)
def test_counterexamples_are_given_where_a_proof_would_break(name: str) -> None:
    """A broken compile check shows two states and their decisions; a mere slip needs none."""
    assert ("Counterexample: " in refusal_of(name)) == (name in WITH_COUNTEREXAMPLE)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A folder without playbook.yaml is refused by that name."""
    with pytest.raises(PlaybookError, match=r"playbook\.yaml: cannot be read"):
        load_bundle(tmp_path)
