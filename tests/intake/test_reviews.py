"""Reviews are added and never changed: of several the latest answer to each question counts, all are kept."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import InputError, Place
from evidence.intake.added_reviews import add_reviews, line_of
from evidence.intake.reviews import (
    ANSWERS,
    QUESTIONS,
    REVIEWS_FILE,
    Placed,
    Review,
    latest_answers,
    parse_review,
    read_reviews,
)
from tests.intake.folders import INCIDENT, built, lay_out, rows

DETECTED = f"{INCIDENT}recorded: {{started_at: 2026-01-05T08:00:00Z, detected_at: 2026-01-05T09:00:00Z}}\n"
LABELLED = f"{DETECTED}labels: {{by: ann, at: 2026-01-06T09:00:00Z, enrichment_narrowed: true}}\n"
NOW = 1767900000 * 10**9  # 2026-01-08T19:20:00Z
SAID = {"incident_id": "inc-1", "by": "ben", "at": "2026-01-07T09:00:00Z", "signal_high_confidence": False}


def _placed(**said: Any) -> Placed:
    place = Place(Path("said"))
    return Placed(parse_review({**SAID, **said}, place), place)


def _written(root: Path, *lines: dict[str, Any] | str) -> Path:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (root / REVIEWS_FILE).write_text("".join(f"{text}\n" for text in texts))
    return root


def test_each_questions_latest_answer_counts_and_all_reviews_stay(tmp_path: Path) -> None:
    """What an incident declares is a review like any other; a later silence takes nothing back."""
    root = lay_out(tmp_path, {}, LABELLED)
    later = {**SAID, "at": "2026-01-08T09:00:00Z", "by": "cem", "signal_high_confidence": True}
    tables = built(_written(root, later, {**SAID, "enrichment_narrowed": False}))
    [incident] = rows(tables, "incidents")
    assert {
        "label_signal_high_confidence": True,
        "label_enrichment_narrowed": False,
        "label_least_risky_effective": None,
        "label_responder_understood": None,
        "label_expected_option": None,
        "label_expected_action": None,
        "label_by": "cem",
        "label_at": 1767862800 * 10**9,
    } == {name: value for name, value in incident.items() if name.startswith("label_")}
    assert [("ann", True), ("ben", False), ("cem", None)] == [
        (row["reviewed_by"], row["enrichment_narrowed"]) for row in rows(tables, "reviews")
    ]


def test_a_later_option_takes_away_the_action_of_an_earlier_one(tmp_path: Path) -> None:
    """The action belongs to the option with which it was said."""
    first = {**SAID, "expected_option": "contain", "expected_action": "roll_back_release"}
    second = {**SAID, "at": "2026-01-08T09:00:00Z", "expected_option": "escalate"}
    [incident] = rows(built(_written(lay_out(tmp_path, {}, DETECTED), second, first)), "incidents")
    assert ("escalate", None) == (incident["label_expected_option"], incident["label_expected_action"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"incident_id": ', "reviews.jsonl:2: is no JSON: "),
        ("[]", "reviews.jsonl:2: the document is empty; a mapping of keys to values is expected"),
        ({**SAID, "sure": True}, "reviews.jsonl:2: sure: unknown key 'sure'"),
        ({**SAID, "by": ""}, "reviews.jsonl:2: by: by is empty; at least 1 character is expected"),
        ({**SAID, "at": "2026-01-07"}, "reviews.jsonl:2: at: '2026-01-07' is not a timestamp with a zone"),
        (
            {**SAID, "signal_high_confidence": "yes"},
            "signal_high_confidence is 'yes'; true or false is expected",
        ),
        ({**SAID, "expected_option": "contian"}, "(did you mean contain?)"),
        (
            {**SAID, "signal_high_confidence": None},
            "reviews.jsonl:2: it answers nothing; give at least one of",
        ),
        ({**SAID, "expected_action": "drain"}, "expected_action without expected_option"),
        ({**SAID, "incident_id": "inc-2"}, "reviews.jsonl:2: incident_id: there is no incident inc-2"),
        (
            {**SAID, "at": "2026-01-05T08:30:00Z"},
            "reviews.jsonl:2: at: 2026-01-05T08:30:00Z lies before recorded.detected_at of inc-1",
        ),
        (
            {**SAID, "signal_high_confidence": True},
            "reviews.jsonl:2: ben has another review of inc-1 of 2026-01-07T09:00:00Z",
        ),
        ('{"incident_id": "inc-1", "incident_id": "inc-1"}', "reviews.jsonl:2: is no JSON: "),
    ],
)
def test_a_line_at_fault_ends_the_run_by_file_line_and_field(
    line: dict[str, Any] | str, said: str, tmp_path: Path
) -> None:
    """People write the file, too: nothing in it is passed over."""
    root = _written(lay_out(tmp_path, {}, DETECTED), SAID, line)
    with pytest.raises(InputError) as refused:
        built(root)
    assert said in str(refused.value)


def test_a_line_whose_writing_was_broken_off_is_told(tmp_path: Path) -> None:
    """Adding to it would make one line of two reviews."""
    root = _written(lay_out(tmp_path, {}, DETECTED), SAID)
    (root / REVIEWS_FILE).write_bytes((root / REVIEWS_FILE).read_bytes()[:-1])
    for act in (lambda: built(root), lambda: add_reviews(root, [_placed(by="cem")], NOW)):
        with pytest.raises(InputError, match=r"reviews\.jsonl:1: the last line has no end"):
            act()


def test_reviews_are_added_whole_or_not_at_all(tmp_path: Path) -> None:
    """One that a run would refuse keeps the others out, and leaves no file behind."""
    root = lay_out(tmp_path, {}, DETECTED)
    with pytest.raises(InputError, match=r"said: incident_id: there is no incident inc-2"):
        add_reviews(root, [_placed(), _placed(incident_id="inc-2")], NOW)
    assert not (root / REVIEWS_FILE).exists()


def test_what_stands_is_never_changed_by_what_is_added(tmp_path: Path) -> None:
    """The file before is the beginning of the file after, also where people wrote it their own way."""
    root = _written(lay_out(tmp_path, {}, DETECTED), json.dumps(SAID).replace(", ", "  ,"), "")
    before = (root / REVIEWS_FILE).read_bytes()
    [added] = add_reviews(root, [_placed(by="Çem Öz")], NOW)
    after = (root / REVIEWS_FILE).read_bytes()
    assert (before, 3) == (after[: len(before)], added.place.line)
    assert [SAID["by"], "Çem Öz"] == [each.review.by for each in read_reviews(root / REVIEWS_FILE)]


def test_reviews_added_at_once_are_all_kept(tmp_path: Path) -> None:
    """Calls wait for each other: no line is lost and none is in another."""
    root = lay_out(tmp_path, {}, DETECTED)
    names = [f"reviewer {number}" for number in range(12)]
    threads = [threading.Thread(target=add_reviews, args=(root, [_placed(by=name)], NOW)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(names) == sorted(each.review.by for each in read_reviews(root / REVIEWS_FILE))


def test_a_review_of_the_future_is_refused(tmp_path: Path) -> None:
    """It would count before all that follow, and nothing is ever taken back."""
    root = lay_out(tmp_path, {}, DETECTED)
    with pytest.raises(InputError, match=r"said: at: 2099-01-01T00:00:00Z lies in the future"):
        add_reviews(root, [_placed(at="2099-01-01T00:00:00Z")], NOW)


def test_a_link_is_no_file_of_reviews(tmp_path: Path) -> None:
    """Adding through it would write outside the incidents folder."""
    root = lay_out(tmp_path / "root", {}, DETECTED)
    (tmp_path / "elsewhere").write_text("")
    (root / REVIEWS_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="is no regular file"):
        add_reviews(root, [_placed()], NOW)
    assert (tmp_path / "elsewhere").read_text() == ""


_ANSWERS = st.fixed_dictionaries(
    {name: st.none() | st.booleans() for name in QUESTIONS}
    | {"expected_option": st.sampled_from(["contain", "escalate"])}
)
_REVIEWS = st.lists(
    st.tuples(st.sampled_from(["ann", "ben"]), st.integers(1, 9), _ANSWERS),
    min_size=1,
    max_size=8,
    unique_by=lambda each: each[:2],
)


@given(reviews=_REVIEWS, chance=st.randoms(use_true_random=False))
def test_the_order_of_lines_decides_nothing(reviews: list[Any], chance: Any) -> None:
    """Times and names do; a review also reads back as it was written."""
    said = [
        Review(incident_id="inc-1", by=by, at=f"2026-01-0{day}T00:00:00Z", **answers)
        for by, day, answers in reviews
    ]
    assert said == [parse_review(json.loads(line_of(each)), Place(Path("said"))) for each in said]
    table = [
        {"incident_id": "inc-1", "reviewed_by": each.by, "reviewed_at": each.at}
        | {name: getattr(each, name) for name in ANSWERS}
        for each in said
    ]
    expected = latest_answers(table)
    chance.shuffle(table)
    assert expected == latest_answers(table)
