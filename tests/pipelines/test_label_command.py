"""`evidence label` as a user calls it: what it adds, shows and refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app

FIXTURES = Path(__file__).parents[2] / "fixtures"
ANSWERED = ("inc-0112", "--by", "ben", "--at", "2026-03-02T09:15:00Z", "--no-enrichment-narrowed")
EXPECTED = ("--expected-option", "contain", "--expected-action")


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """call(*arguments): exit code, output and errors in a folder with a copy of the fixtures."""
    shutil.copytree(FIXTURES, tmp_path / "fixtures")
    shutil.copytree(FIXTURES.parent / "playbooks", tmp_path / "playbooks")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, ["label", *arguments])
        return done.exit_code, done.stdout, done.stderr

    return run


def test_a_review_is_added_and_shown(call) -> None:
    """As text and as JSON, each with the line where it stands."""
    code, said, _ = call(*ANSWERED)
    assert (0, 2) == (code, said.count("fixtures/reviews.jsonl:1") + said.count("correctly? no"))
    code, shown, _ = call("inc-0112", "--format", "json")
    [declared, added] = json.loads(shown)["reviews"]
    assert {
        "incident_id": "inc-0112-search-latency",
        "by": "ben",
        "at": "2026-03-02T09:15:00Z",
        "enrichment_narrowed": False,
        "path": "fixtures/reviews.jsonl",
        "line": 1,
    } == added
    assert "incident.yaml" in declared["path"]


def test_a_review_without_a_time_is_of_now(call) -> None:
    """It is later than what the incident declares."""
    call(*ANSWERED[:3], "--responder-understood")
    _, shown, _ = call("inc-0112", "--format", "json")
    [declared, added] = json.loads(shown)["reviews"]
    assert declared["at"] < added["at"]


def test_a_file_is_taken_in_whole_or_not_at_all(call) -> None:
    """The place named is that of the file given."""
    good = {"incident_id": "inc-0112-search-latency", "by": "a", "at": "2026-03-02T09:15:00Z"}
    good |= {"responder_understood": True}
    Path("answers.jsonl").write_text(f"{json.dumps(good)}\n{json.dumps({**good, 'by': 'b', 'at': 'now'})}\n")
    code, _, error = call("--from", "answers.jsonl")
    assert (2, True) == (code, error.startswith("evidence: answers.jsonl:2: at: 'now' is not a timestamp"))
    assert not Path("fixtures/reviews.jsonl").exists()
    Path("answers.jsonl").write_text(f"{json.dumps(good)}\n{json.dumps({**good, 'by': 'b'})}\n")
    code, _, _ = call("--from", "answers.jsonl")
    assert (0, 2) == (code, len(Path("fixtures/reviews.jsonl").read_text().splitlines()))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no incident is named"),
        (("inc-0112", "--by", "ben"), "it answers nothing"),
        (("inc-0112", "--responder-understood"), "--by is missing"),
        (("--by", "ben", "--responder-understood"), "no incident is named"),
        (("inc-01", "--by", "ben", "--responder-understood"), "incidents begin with 'inc-01'"),
        (("--from", "nowhere.jsonl"), "nowhere.jsonl: is no file"),
        (("inc-0112", "--from", "fixtures/settings.yaml"), "--from takes everything from its file"),
        (("inc-0112", "--incidents", "nowhere"), "nowhere: is no folder"),
        ((*ANSWERED, "--expected-option", "contian"), "did you mean contain?"),
        ((*ANSWERED[:3], "--at", "2099-01-01T00:00:00Z", "--enrichment-narrowed"), "lies in the future"),
        (
            (*ANSWERED, *EXPECTED, "roll_back_releas"),
            "has no action roll_back_releas. Did you mean roll_back_release?",
        ),
        ((*ANSWERED, *EXPECTED, "rotate_secret"), "rotate_secret belongs to rotate, not to contain"),
    ],
)
def test_a_wrong_call_says_what_to_do(call, arguments: tuple[str, ...], said: str) -> None:
    """Exit code 2, one line, and nothing is written."""
    code, _, error = call(*arguments)
    assert (2, True, 1) == (code, said in error, len(error.splitlines()))
    assert not Path("fixtures/reviews.jsonl").exists()


def test_an_incident_without_reviews_is_told_so(call) -> None:
    """As text in words, as JSON by an empty list."""
    for path in Path("fixtures").rglob("incident.yaml"):
        text = path.read_text()
        if "inc-0112" in text:
            path.write_text(text[: text.index("labels:")])
    assert (0, "inc-0112-search-latency has no review yet\n", "") == call("inc-0112")
    assert {"reviews": []} == json.loads(call("inc-0112", "--format", "json")[1])


def test_an_action_like_none_is_answered_with_those_of_its_option(call) -> None:
    """By name, and not with a folder in which to look."""
    code, _, why = call(*ANSWERED, *EXPECTED, "nope")
    said = "the active playbook has no action nope. Its actions of contain are close_public_exposure, "
    assert (2, True) == (code, said in why)
