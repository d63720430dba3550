"""OPA's decision logs replayed: the same policy says the same, another one what it changes, and no more."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from simulator.policies.decision_model import Outcome, PolicyReplay, Reason
from simulator.policies.replay_text import published_schema, render_json, render_markdown, render_text

from .logs import ADMISSION, LOG, entries, entry, module, only, replayed, written

DENY = "kubernetes/admission/deny"
RISK = "kubernetes/admission/risk"
SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "policy-replay.schema.json"


def edited(tmp_path: Path, old: str, new: str) -> Path:
    """The modules with a text of the admission policy replaced."""
    folder = tmp_path / "edited"
    shutil.copytree(ADMISSION, folder)
    path = folder / "kubernetes" / "admission.rego"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def same() -> PolicyReplay:
    """The log replayed against the very modules that OPA answered with."""
    return replayed(LOG)


def test_the_policy_that_was_logged_says_the_same(same: PolicyReplay) -> None:
    """Every answer of OPA itself: sets, undefined results, quotes, newlines, absent fields, fractions."""
    assert (240, 240, 0, 0) == (
        same.decision_count,
        same.same_count,
        same.different_count,
        same.not_replayable_count,
    )
    assert () == same.decisions


def test_counts_are_by_path_and_revision(same: PolicyReplay) -> None:
    """Each path with each set of bundle revisions; a slash before a path is none."""
    assert 240 == sum(each.decision_count for each in same.paths)
    assert "kubernetes/admission/names" in [each.path for each in same.paths]
    assert {"r1", "r2"} == {each.bundles["platform"] for each in same.paths}


def test_tests_are_no_modules(same: PolicyReplay) -> None:
    """They would be evaluated with what they put in the input's place."""
    files = [each.file for each in same.modules]
    assert ["kubernetes/admission.rego", "lib/images.rego", "main.rego"] == files
    assert ("teams/data.json",) == same.data_files


def test_an_edit_is_shown_where_it_counts(tmp_path: Path) -> None:
    """A message reworded changes exactly the decisions that carry it, and the place is pointed to."""
    found = replayed(LOG, edited(tmp_path, "require approved-by label", "require an approver"))
    carrying = {each["decision_id"] for each in entries() if "require approved-by label" in json.dumps(each)}
    assert carrying == {each.decision_id for each in found.decisions}
    assert {Outcome.DIFFERENT} == {each.outcome for each in found.decisions}
    denied = next(each for each in found.decisions if each.path == DENY)
    old, new = denied.differences
    assert ("/0", "production network policy changes require approved-by label", False) == (
        old.pointer,
        old.recorded.value,
        old.new.is_defined,
    )
    assert (False, "production network policy changes require an approver") == (
        new.recorded.is_defined,
        new.new.value,
    )


def test_a_result_may_become_undefined_and_back(tmp_path: Path) -> None:
    """What no rule gives a value is no result: it is told, and is not null."""
    high = next(each for each in entries() if each["path"] == RISK and "result" in each)
    low = next(each for each in entries() if each["path"] == RISK and "result" not in each)
    exports = written(tmp_path / "exports", [high, low])
    found = replayed(exports, edited(tmp_path, "privileged == true", "privileged == false"))
    difference = only(found).differences[0]
    assert ("", "high", False) == (difference.pointer, difference.recorded.value, difference.new.is_defined)
    low["result"] = "high"
    difference = only(replayed(written(tmp_path / "back", [low]))).differences[0]
    assert (True, False) == (difference.recorded.is_defined, difference.new.is_defined)


@pytest.mark.parametrize(
    ("fields", "reason", "detail"),
    [
        ({"erased": ["/input/password"]}, Reason.ERASED, "/input/password"),
        pytest.param(
            {"erased": ["/result/0"], "masked": []}, Reason.ERASED, "/result/0", marks=pytest.mark.slow
        ),
        pytest.param(
            {"masked": ["/input/request/uid"]}, Reason.MASKED, "/input/request/uid", marks=pytest.mark.slow
        ),
        ({"nd_builtin_cache": {"http.send": {"[{}]": {}}}}, Reason.NONDETERMINISTIC, "http.send"),
        pytest.param(
            {"error": {"code": "internal_error", "message": "it broke"}},
            Reason.RECORDED_ERROR,
            "it broke",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {"path": None, "query": "data.x = y"}, Reason.NO_PATH, "data.x = y", marks=pytest.mark.slow
        ),
        ({"path": "istio/authz/allow"}, Reason.NO_SUCH_PATH, ""),
        pytest.param(
            {"path": "kubernetes/admission/nothing"}, Reason.NO_SUCH_PATH, "", marks=pytest.mark.slow
        ),
        ({"input": None, "-": "input"}, Reason.NO_INPUT, ""),
        pytest.param(
            {"input": {"n": 2**70}},
            Reason.UNLIKE_OPA,
            f"the integer {2**70} has more than 64 bits",
            marks=pytest.mark.slow,
        ),
        ({"result": ["%!s(int=5)"]}, Reason.UNLIKE_OPA, "OPA's sprintf wrote %!"),
        ({"input": {"request": 5}, "path": "system/main"}, None, ""),
    ],
    ids=str,
)
def test_what_cannot_be_replayed_says_why(
    tmp_path: Path, fields: dict[str, Any], reason: Reason | None, detail: str
) -> None:
    """One reason each, the first that holds; nothing is guessed."""
    logged = {**entry(DENY), **fields}
    logged.pop(logged.pop("-", None), None)
    logged = {key: value for key, value in logged.items() if not (key == "path" and value is None)}
    found = replayed(written(tmp_path, [logged]))
    decision = only(found)
    assert reason == decision.reason
    assert detail in decision.detail
    assert (reason is None) is (decision.outcome is Outcome.DIFFERENT)
    assert ({} if reason is None else {reason: 1}) == found.reasons


def test_what_was_hidden_of_other_fields_hinders_nothing(tmp_path: Path) -> None:
    """The cache of built-ins may be erased: neither input nor result is touched by it."""
    logged = {**entry(DENY), "erased": ["/nd_builtin_cache"]}
    assert 1 == replayed(written(tmp_path, [logged])).same_count


def test_a_copy_is_counted_and_not_replayed(tmp_path: Path) -> None:
    """The same decision in two uploads is one; an id with another result is another decision."""
    logged = entry(DENY)
    written(tmp_path, [logged], "first.jsonl")
    written(tmp_path, [logged], "second.jsonl")
    written(tmp_path, [{**logged, "result": ["made up"]}], "third.jsonl")
    found = replayed(tmp_path)
    assert (2, 1, 1, 1) == (found.decision_count, found.copy_count, found.same_count, found.different_count)
    assert 1 == found.question_count


def test_a_damaged_line_is_refused_and_counted(tmp_path: Path) -> None:
    """The others are replayed all the same."""
    written(tmp_path, [entry(DENY), {**entry(DENY, 1), "timestamp": "yesterday"}])
    with (tmp_path / "decisions.jsonl").open("a") as file:
        file.write('{"decision_id": "cut", "path": "x", "inp')
    found = replayed(tmp_path)
    assert (1, 2) == (found.same_count, found.refused_count)
    lines = (tmp_path / "decisions.jsonl").read_bytes().splitlines(keepends=True)
    assert [("time_invalid", "/timestamp", 1), ("truncated", "", 2)] == [
        (each.reason, each.field, each.anchor.ordinal) for each in found.refused
    ]
    for each in found.refused:
        raw = lines[each.anchor.ordinal].rstrip(b"\n")
        assert (sum(map(len, lines[: each.anchor.ordinal])), len(raw)) == (
            each.anchor.byte_offset,
            each.anchor.byte_length,
        )
        assert hashlib.sha256(raw).hexdigest() == each.anchor.record_sha256
        place = f"decisions.jsonl record {each.anchor.ordinal}, bytes {each.anchor.byte_offset} to "
        assert {True} == {place in text for text in (render_text(found), render_markdown(found))}
    assert 2 == len(json.loads(render_json(found))["refused"])
    assert (1, 2) == (len(replayed(tmp_path, listed_max=1).refused), found.refused_count)


def test_an_uploaded_array_is_read_as_the_console_is(tmp_path: Path) -> None:
    """OPA uploads arrays and prints lines."""
    (tmp_path / "upload.json").write_text(json.dumps(entries(), ensure_ascii=False), encoding="utf-8")
    assert 240 == replayed(tmp_path).same_count


def test_a_question_is_evaluated_once(tmp_path: Path) -> None:
    """However often it was asked."""
    logged = [{**entry(DENY), "decision_id": f"d-{number}"} for number in range(50)]
    found = replayed(written(tmp_path, logged))
    assert (50, 1) == (found.same_count, found.question_count)


@pytest.mark.slow
def test_a_module_that_never_ends_is_stopped_and_ends_no_other(tmp_path: Path) -> None:
    """It fails at the interpreter's limit of steps, and the next decision is answered."""
    numbers = ", ".join(map(str, range(60)))
    policies = module(
        tmp_path / "policies",
        "package a\n\nimport rego.v1\n\nxs := {" + numbers + "}\n\n"
        "slow := count({[p, q, r, s] | some p in xs; some q in xs; some r in xs; some s in xs})\n\n"
        "quick := input.n\n",
    )
    logged = [
        {**entry(DENY), "path": "a/slow", "input": {}, "result": 1},
        {**entry(DENY, 1), "path": "a/quick", "input": {"n": 5}, "result": 5},
    ]
    found = replayed(written(tmp_path / "exports", logged), policies)
    assert (1, 1) == (found.same_count, found.not_replayable_count)
    assert only(found).reason in (Reason.FAILED, Reason.LIMIT)


def test_an_evaluation_that_fails_is_told(tmp_path: Path) -> None:
    """Two values of one rule are an error in OPA, too, and no result."""
    source = "package a\n\nimport rego.v1\n\nx := 1 if input.n > 0\n\nx := 2 if input.n > 1\n"
    policies = module(tmp_path / "policies", source)
    logged = [{**entry(DENY, n), "path": "a/x", "input": {"n": n}, "result": 1} for n in (1, 2)]
    found = replayed(written(tmp_path / "exports", logged), policies)
    assert (1, Reason.FAILED) == (found.same_count, only(found).reason)


def test_the_list_is_cut_and_the_counts_are_not(tmp_path: Path) -> None:
    """As many as are asked for."""
    found = replayed(LOG, edited(tmp_path, "require approved-by label", "x"), listed_max=2)
    assert 2 == len(found.decisions)
    assert found.different_count - 2 == found.unlisted_count


def test_the_json_keeps_the_published_schema(tmp_path: Path) -> None:
    """As docs/schemas has it."""
    assert published_schema() == SCHEMA.read_text(encoding="utf-8")
    with written(tmp_path, [entry(DENY)]).joinpath("decisions.jsonl").open("a") as file:
        file.write('{"decision_id": "cut", "path": "x", "inp')
    for exports in (LOG, tmp_path / "decisions.jsonl"):
        found = replayed(exports, edited(tmp_path / exports.parent.name, "require approved-by label", "x"))
        jsonschema.validate(json.loads(render_json(found)), json.loads(published_schema()))


def test_hostile_text_of_a_log_stays_text(tmp_path: Path) -> None:
    """Neither a table's cell nor an escape of the terminal comes out of an entry."""
    logged = {**entry(DENY), "decision_id": "a|b\u001b[31m", "result": ["</td>|`\u202e"]}
    found = replayed(written(tmp_path, [logged]))
    for text in (render_text(found), render_markdown(found), render_json(found)):
        assert not {"\u001b", "\u202e"} & set(text)


@pytest.mark.slow
def test_a_hundred_thousand_entries_are_replayed_in_bounded_time_and_memory(tmp_path: Path) -> None:
    """Of a thousand distinct questions each is evaluated once; the rest is reading."""
    base = [each for each in entries() if each["path"] == DENY]
    logged = [
        {
            **base[number % len(base)],
            "decision_id": f"d-{number}",
            "input": {**base[number % len(base)]["input"], "n": number % 1000},
        }
        for number in range(100_000)
    ]
    found = replayed(written(tmp_path, logged))
    assert (100_000, 0) == (found.same_count, found.different_count)
    assert 1000 >= found.question_count / len(base)
