"""Our rules on what others have recorded: techniques of attackers, and labels of other people's rules."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.detections.changed_recordings import (
    BY_USERS_ONLY,
    OTHERWISE,
    Recording,
    by_a_role,
    with_a_day_between,
)
from tests.detections.detections_page import detections_on_records_page
from tests.detections.our_rules import documents_of, key_of, our_rules, reporting_id, rule_files
from tests.detections.recorded_labels import (
    FALCO,
    PANTHER,
    STRATUS,
    Verdict,
    disguised,
    falco_verdicts,
    is_caught,
    labels,
    panther_verdicts,
    stratus_hits,
)

TECHNIQUES_MIN = 32
REPRODUCED_RULES_MIN = 40

stratus = pytest.mark.skipif(not STRATUS.exists(), reason=f"{STRATUS} holds no recordings")
panther = pytest.mark.skipif(not PANTHER.exists(), reason=f"{PANTHER} holds no labelled events")
falco = pytest.mark.skipif(not FALCO.exists(), reason=f"{FALCO} holds no labelled files")


@pytest.fixture(scope="module")
def of_files(tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    """What our rules say of Falco's cases."""
    return falco_verdicts(tmp_path_factory.mktemp("values"))


@stratus
def test_nearly_every_recorded_technique_is_caught() -> None:
    """Of the techniques recorded at least this many are hit by a rule of medium level or higher."""
    techniques = {each["technique"] for each in json.loads((STRATUS / "ground_truth.json").read_bytes())}
    caught = {name for name, by_rule in stratus_hits().items() if is_caught(by_rule)}
    assert techniques == set(stratus_hits())
    assert TECHNIQUES_MIN <= len(caught)


@stratus
def test_a_technique_is_caught_by_what_it_does() -> None:
    """The same deeds by other people in other accounts, with other names and agents, hit the same rules."""
    assert stratus_hits() == stratus_hits(disguised)


@stratus
@pytest.mark.parametrize("otherwise", OTHERWISE)
def test_what_is_done_otherwise_is_caught_as_well(otherwise: Callable[[Recording], Recording]) -> None:
    """By a role where a role can, more slowly, within one second, delivered in another order.

    Caught is what it is to `evidence detect`: hit by a rule of level medium or higher.
    """
    impossible = BY_USERS_ONLY if otherwise is by_a_role else set()
    caught = {name for name, by_rule in stratus_hits(otherwise).items() if is_caught(by_rule)}
    assert set(stratus_hits()) - impossible == caught


@stratus
def test_what_is_innocent_alone_is_not_hit_alone() -> None:
    """With a day between its calls, a technique that is only caught by a count is no longer caught."""
    counted = {correlation.heading.id for correlation in our_rules().correlations}
    by_counts = {name for name, by_rule in stratus_hits().items() if set(by_rule) <= counted}
    assert by_counts == {name for name, by_rule in stratus_hits(with_a_day_between).items() if not by_rule}


@stratus
def test_a_rule_is_called_tested_where_it_was_tried() -> None:
    """`status: test` is a rule that a record of others has hit, or that stands for a labelled rule."""
    hit = {rule for by_rule in stratus_hits().values() for rule in by_rule}
    named = {entry["rule"] for entry in [*labels()["panther"], *labels()["falco"]["rules"]]}
    tried = {key_of(file) for file in rule_files() if reporting_id(key_of(file)) in hit} | named
    assert tried == {key_of(file) for file in rule_files() if documents_of(file)[-1]["status"] == "test"}


@panther
def test_labels_of_single_events_are_reproduced() -> None:
    """Every sample gets the label that it bears, but for those that are explained, and no more are."""
    verdicts, _ = panther_verdicts()
    explained = {
        (entry["rule"], one["test"])
        for entry in labels()["panther"]
        for one in entry.get("disagreements", [])
    }
    disagreeing = {(one.key, one.test) for one in verdicts if one.expected != one.actual}
    assert explained == disagreeing


@panther
def test_every_label_is_reproduced_or_it_is_said_why_not() -> None:
    """Known gaps: no label of Panther's is passed over in silence, and none is named that there is not."""
    theirs = {json.loads(line)["rule_id"] for line in PANTHER.read_text(encoding="utf-8").splitlines()}
    mapped = {label for entry in labels()["panther"] for label in entry["labels"]}
    assert theirs == mapped | set(labels()["not_reproduced"])
    assert set() == mapped & set(labels()["not_reproduced"])


@falco
def test_labels_of_files_are_reproduced_under_each_setting(of_files: list[Verdict]) -> None:
    """A file fires, or does not, as its case says under its settings; nothing is left to explain."""
    assert [] == [one for one in of_files if one.expected != one.actual]
    judged = {one.test for one in of_files} | set(labels()["falco"]["left_out"])
    cases = json.loads((FALCO / "expected_detections.json").read_bytes())
    assert judged == {case["case"] for case in cases}


@panther
@falco
def test_many_rules_of_ours_reproduce_a_label(of_files: list[Verdict]) -> None:
    """At least this many of our rules stand for a rule of others, without a disagreement."""
    verdicts = [*panther_verdicts()[0], *of_files]
    wrong = {one.key for one in verdicts if one.expected != one.actual}
    assert REPRODUCED_RULES_MIN <= len({one.key for one in verdicts} - wrong)


@stratus
@panther
@falco
@pytest.mark.golden
def test_the_page_of_records_follows_from_them(
    golden: Callable[[str, str], None], of_files: list[Verdict]
) -> None:
    """The page shows techniques and rules, the confusion table and every disagreement, as they are now."""
    verdicts, elsewhere = panther_verdicts()
    page = detections_on_records_page(
        stratus_hits(), stratus_hits(by_a_role), [*verdicts, *of_files], elsewhere
    )
    golden("docs/reference/detections-on-records.md", page)
