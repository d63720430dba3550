"""Whatever the evidence lacks stands among a handoff's unknowns, each kind with advice of its own."""

from __future__ import annotations

import html
import json
from collections import Counter

import pytest

from evidence.handoff import Handoffs
from evidence.handoff.gap_words import GAP_WORDS
from expectations.tables.quality import GAP_KINDS

from .made import SHELL, handed_over, made
from .recorded import INCIDENTS, package, recorded_gaps, recorded_handoffs
from .world import SECOND, START

EARLY, LATE = START, START + 3000 * SECOND


@pytest.fixture(scope="module")
def lacking(tmp_path_factory: pytest.TempPathFactory) -> Handoffs:
    """A handoff whose evidence lacks everything that evidence can, before its decision and after it."""
    world = made(tmp_path_factory.mktemp("gaps"))
    (known,) = world.rows["quality.completeness"]
    world.rows["quality.completeness"] = [
        {**known, "gap": gap, "subject": f"{gap} {at}", "detail": f"lacks {gap} {at}", "known_at": at}
        for gap in GAP_KINDS
        for at in (EARLY, LATE)
    ]
    return handed_over(world)


def test_every_kind_of_gap_has_words_of_its_own() -> None:
    """No advice is given for two kinds: what closes the one does not close the other."""
    assert set(GAP_KINDS) == set(GAP_WORDS)
    assert len(GAP_KINDS) == len({words.how_to_find_out for words in GAP_WORDS.values()})


@pytest.mark.parametrize("gap", GAP_KINDS)
@pytest.mark.parametrize("at", [EARLY, LATE])
def test_a_gap_of_every_kind_stands_in_all_three_files(lacking: Handoffs, gap: str, at: int) -> None:
    """With its own advice; one that came to light after the decision says so."""
    (unknown,) = [
        unknown
        for unknown in package_of(lacking)["unknowns"]
        if unknown["name"] == f"gap-{gap}" and f"lacks {gap} {at}" in unknown["sentence"]
    ]
    assert (at == LATE) == unknown.get("is_after_decision", False)
    assert (at == LATE) == unknown["sentence"].startswith("Seen only ")
    assert GAP_WORDS[gap].how_to_find_out == unknown["how_to_find_out"]
    ticket = lacking.files[f"handoffs/{SHELL}.md"].decode().replace("\\", "")
    page = html.unescape(lacking.files[f"handoffs/{SHELL}.html"].decode())
    for text in (ticket, page):
        assert f"lacks {gap} {at}" in text
        assert unknown["how_to_find_out"] in text


def package_of(handoffs: Handoffs) -> dict[str, list[dict[str, str]]]:
    """The package of the incident whose evidence lacks everything."""
    found: dict[str, list[dict[str, str]]] = json.loads(handoffs.files[f"handoffs/{SHELL}.json"])
    return found


@pytest.mark.parametrize("incident", INCIDENTS)
def test_every_gap_of_a_recorded_incident_is_among_its_unknowns(incident: str) -> None:
    """As often as `quality.completeness` has it, with the sentence of the export."""
    gaps = [gap for gap in recorded_gaps() if gap["incident_id"] == incident]
    unknowns = package(recorded_handoffs(), incident)["unknowns"]
    said = [unknown for unknown in unknowns if unknown["name"].startswith("gap-")]
    assert Counter(f"gap-{gap['gap']}" for gap in gaps) == Counter(unknown["name"] for unknown in said)
    assert all(any(gap["detail"][:40] in unknown["sentence"] for unknown in said) for gap in gaps)


def test_a_pod_that_no_log_shows_is_said_and_counted_apart() -> None:
    """One pod seen, one only claimed; that nobody saw it came to light after the decision."""
    handoffs = recorded_handoffs()
    found = package(handoffs, "inc-0127")
    facts = {fact["name"]: fact["sentence"] for fact in found["known_facts"]}
    assert "1 pod seen and affected so far." == facts["pod_count"]
    assert "1 pod is only claimed: no other record shows it so far." == facts["claimed_pod_count"]
    claimed = [each for each in found["unknowns"] if each["name"] == "gap-claimed_object_unseen"]
    assert [True, True] == [each["is_after_decision"] for each in claimed]
    assert all(found["claims"][each["claims"][0] - 1]["is_after_decision"] for each in claimed)
