"""Each changed decision is said to rest on clauses and on records, and these are the right ones."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from evidence.times import parse_rfc3339
from simulator.comparison.compare import Side, compare
from simulator.comparison.model import Comparison
from simulator.histories.history import History
from tests.decision.deciding import active

from ..worlds import edited

FIXTURES = Path(__file__).parents[3] / "fixtures"
LEAK, RELEASE, KEY = "inc-0122-memory-leak", "inc-0102-checkout-bad-release", "inc-0104-deploy-key-leak"


@pytest.fixture(scope="module")
def attributed(history: History) -> Comparison:
    """Rollbacks that wait for the latency no more, and a key that is rotated without the resource owner."""
    rules = [rule.id for rule in active().rules]
    edit = {
        f"rules__{rules.index('errors-after-a-change')}__supports__roll_back_release": 10,
        f"rules__{rules.index('key-with-tested-consumers')}__when": "consumer_count > 99",
    }
    return compare(history, Side(active(), "old"), Side(edited(active(), **edit), "new"))


def test_the_clauses_named_are_those_that_were_edited(attributed: Comparison) -> None:
    """Each incident is turned by the one clause that speaks of it."""
    rules = "rules.errors-after-a-change.supports.roll_back_release", "rules.key-with-tested-consumers.when"
    found = {each.incident_id: each.responsible for each in attributed.changed if each.responsible}
    assert {RELEASE: ((rules[0],),), KEY: ((rules[1],),), LEAK: ((rules[0],),)} == {
        incident_id: each.minimal_sets for incident_id, each in found.items()
    }


def test_every_evidence_anchor_resolves_to_its_bytes(attributed: Comparison) -> None:
    """File, offset and length lead to bytes whose SHA-256 is the anchor's, and the file's is its own."""
    anchors = [each.anchor for change in attributed.changed for each in change.evidence]
    assert {RELEASE, KEY, LEAK} == {change.incident_id for change in attributed.changed if change.evidence}
    for anchor in anchors:
        raw = (FIXTURES / anchor.path).read_bytes()
        assert anchor.file_sha256 == hashlib.sha256(raw).hexdigest()
        content = gzip.decompress(raw) if anchor.path.endswith(".gz") else raw
        record = content[anchor.byte_offset :][: anchor.byte_length]
        assert (anchor.byte_length, anchor.record_sha256) == (len(record), hashlib.sha256(record).hexdigest())


def test_no_evidence_of_a_change_is_later_than_the_decision(attributed: Comparison) -> None:
    """What a clause reads had arrived when the candidate decided."""
    known = [
        (each.known_at, change.candidate.decided_at)
        for change in attributed.changed
        for each in change.evidence
        if each.known_at is not None
    ]
    assert known
    assert [] == [(at, decided) for at, decided in known if parse_rfc3339(at) > parse_rfc3339(decided)]


@pytest.mark.slow
def test_the_evidence_of_a_trust_in_a_source_is_of_that_source(history: History) -> None:
    """What is shown for the weight of Falco's word is a record that Falco wrote."""
    doubting = edited(active(), grading__confidence__source_trust__falco=0)
    found = compare(history, Side(active(), "old"), Side(doubting, "new"))
    shown = [each for change in found.changed for each in change.evidence if "source_trust" in each.clause]
    assert shown
    assert {("grading.confidence.source_trust.falco", "severity_falco", "falco")} == {
        (each.clause, each.column, each.source) for each in shown
    }
