"""`evidence check` as a user calls it: what it says, in which order, and how it exits."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from tests.decision.deciding import BAD_BUNDLES, BUNDLES
from tests.simulator.bundles.test_bundle_refs import git_in
from tests.simulator.worlds import RESTARTED, SURE, world

CASES = """about: Restarts and what is no restart.
base:
  service: cart
  workload: cart
  severity: 3
  environment: staging
  owner: shop
  is_change_seen: false
  blast_radius: 0
cases:
  - id: crash-loop-with-errors-is-restarted
    given: {signal_names: [CrashLoop], is_error_rate_over_policy: true, is_stateful: false, confidence: 90}
    expect: {action: restart, mode: MODE}
"""
Check = Callable[..., tuple[int, str]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Run the command in an empty folder; gives the exit code and what was printed."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["check", *map(str, words)])
        return result.exit_code, result.stdout

    return run


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A copy of the small bundle with a case that holds."""
    shutil.copytree(BUNDLES, tmp_path / "playbooks")
    folder = tmp_path / "playbooks" / "mini"
    (folder / "cases").mkdir()
    (folder / "cases" / "restarts.yaml").write_text(CASES.replace("MODE", "automatic"))
    return folder


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A folder with a history of two incidents, one of which nothing is decided about."""
    folder = tmp_path / "history"
    folder.mkdir()
    connection = world({"inc-1": [SURE, RESTARTED], "inc-2": [SURE]})
    for name in ("enrichment.incident_states", "intake.incidents"):
        connection.execute(
            f"copy (from {name}) to '{folder / name.partition('.')[2]}.parquet' (format parquet)"
        ).fetchall()
    return folder


def test_a_sound_playbook_without_any_history_exits_with_0_and_says_what_was_not_looked_at(
    check: Check, small: Path
) -> None:
    """Neither a warehouse nor a folder is needed to check what the files say."""
    code, said = check(small)
    assert 0 == code
    assert said.startswith(f"{small}: sound\n")
    assert "1 of 1 come out as expected; of its policies 3 of 3" in said
    assert "not looked at: no history is published in " in said


def test_a_history_tells_where_the_playbook_is_thin(check: Check, small: Path, recorded: Path) -> None:
    """Rules that never held and actions that were never recommended are named with file and line."""
    code, said = check(small, "--history", recorded)
    assert 0 == code
    assert "2 incidents, 3 moments" in said
    lines = (small / "playbook.yaml").read_text().splitlines()
    rule, action = (lines.index(line) + 1 for line in ("  - id: errors-after-a-change", "  drain:"))
    assert re.search(rf"playbook\.yaml:{rule} +errors-after-a-change +held at 0 moments", said)
    assert re.search(rf"playbook\.yaml:{action} +drain +a lower rung was always enough, by restart", said)


def test_a_case_that_comes_out_otherwise_exits_with_1_and_says_why(check: Check, small: Path) -> None:
    """Expected, found and the reason, at the line of the case."""
    (small / "cases" / "restarts.yaml").write_text(CASES.replace("MODE", "approval_required"))
    code, said = check(small)
    assert 1 == code
    assert said.startswith(f"{small}: not sound, 1 failing case\n")
    assert "restarts.yaml:11  crash-loop-with-errors-is-restarted" in said
    assert "expected restart (approval_required)" in said
    assert "found    restart (automatic, nobody)" in said


def test_a_case_of_a_policy_that_comes_out_otherwise_exits_with_1(check: Check, small: Path) -> None:
    """The policy's own file and line, and what it said."""
    declaration = small.parent / "policies" / "node_drain.yaml"
    declaration.write_text(declaration.read_text().replace("verdict: allow", "verdict: denied"))
    code, said = check(small)
    assert 1 == code
    assert "node_drain.yaml:8  elsewhere-is-free" in said
    assert "found    allow" in said


@pytest.mark.skipif(shutil.which("git") is None, reason="the repository is made with git")
def test_a_playbook_is_named_as_for_a_comparison(check: Check, small: Path) -> None:
    """By the name of a version, its folder, its file, or as it was in a commit."""
    git = git_in(small.parents[1])
    git("init", "--quiet")
    git("add", "playbooks")
    git("commit", "--quiet", "-m", "sound")
    told = [check(each) for each in ("mini", small, small / "playbook.yaml", "git:HEAD:playbooks/mini")]
    (small / "playbook.yaml").write_text("title: another\n")
    assert {code for code, _ in told} == {0}
    names = ["playbooks/mini", str(small), str(small), "git:HEAD:playbooks/mini"]
    assert [f"{name}: sound" for name in names] == [said.splitlines()[0] for _, said in told]
    assert len({said.partition("\n")[2] for _, said in told}) == 1


@pytest.mark.skipif(shutil.which("git") is None, reason="the repository is made with git")
def test_a_slip_in_a_commit_is_told_where_it_stood_there(check: Check, small: Path) -> None:
    """In text and in JSON, and no temporary folder is told of."""
    git = git_in(small.parents[1])
    (small / "playbook.yaml").write_text((small / "playbook.yaml").read_text().replace("need: 50", "need: x"))
    git("init", "--quiet")
    git("add", "playbooks")
    git("commit", "--quiet", "-m", "a slip")
    code, said = check("git:HEAD:playbooks/mini")
    assert (2, "git:HEAD:playbooks/mini: refused, 1 error") == (code, said.splitlines()[0])
    assert "git:HEAD:playbooks/mini/playbook.yaml:3:7: need" in said
    document = json.loads(check("git:HEAD:playbooks/mini", "--format", "json")[1])
    assert ["git:HEAD:playbooks/mini", "git:HEAD:playbooks/mini/playbook.yaml"] == [
        document["playbook"],
        document["findings"][0]["file"],
    ]


def test_a_name_that_leads_nowhere_comes_with_the_versions_that_are_there(small: Path, check: Check) -> None:
    """As for a comparison; nothing is checked."""
    result = CliRunner().invoke(app, ["check", "maxi"])
    assert (2, "") == (result.exit_code, result.stdout)
    assert "maxi: is no folder. Name the folder of a version, such as playbooks/mini" in result.stderr


def test_slips_exit_with_2_and_are_told_all_at_once(check: Check) -> None:
    """Every place, each on a line of its own."""
    code, said = check(BAD_BUNDLES / "several-at-once")
    assert 2 == code
    assert "refused, 9 errors and 2 warnings" in said.splitlines()[0]
    recorded_lines = (BAD_BUNDLES / "several-at-once" / "refusal.txt").read_text().splitlines()
    found = [line.replace(f"{BAD_BUNDLES}/several-at-once/", "") for line in said.splitlines()[2:]]
    assert recorded_lines == found


def test_slips_in_cases_exit_with_2_and_the_rest_is_checked(check: Check) -> None:
    """What the cases get wrong does not hide the bundle."""
    code, said = check(BAD_BUNDLES / "case-of-no-action")
    assert 2 == code
    assert "not sound, 5 errors" in said
    assert "of its policies 3 of 3" in said


def test_a_broken_proof_exits_with_1_and_its_counterexample(check: Check) -> None:
    """Nothing is misspelt: the bundle would decide wrongly."""
    code, said = check(BAD_BUNDLES / "floor-lowered-on-a-higher-rung")
    assert 1 == code
    assert "Counterexample: where" in said


@pytest.mark.parametrize("name", sorted(path.name for path in BAD_BUNDLES.iterdir()))
def test_the_first_line_of_a_refusal_tells_the_exit_code(check: Check, name: str) -> None:
    """Errors are slips and exit with 2; where nothing but a proof is broken it is 1."""
    code, said = check(BAD_BUNDLES / name)
    first = said.splitlines()[0]
    assert bool(re.search(r"\b\d+ errors?\b", first)) == (2 == code)
    assert ("broken proof" in first and "error" not in first) == (1 == code)


def test_a_need_in_quotes_is_a_slip_and_no_proof_runs_on_it(check: Check, small: Path) -> None:
    """Its type is wrong, which is all that is said."""
    path = small / "playbook.yaml"
    path.write_text(path.read_text().replace("need: 50", 'need: "50"'))
    code, said = check(small)
    assert 2 == code
    assert f"{small}: refused, 1 error" == said.splitlines()[0]
    assert said.endswith(": need: need is '50'; a whole number is expected; leave out the quotes\n")
    assert "Counterexample" not in said


@pytest.mark.parametrize(
    ("need", "shown"),
    [("confidence", ["confidence = 70", "of drain"]), ("severity", []), ("severity + 40", [])],
)
def test_a_need_that_depends_on_the_state_is_shown_by_values_that_there_are(
    check: Check, small: Path, need: str, shown: list[str]
) -> None:
    """No action has points between two severities, and of a sum no values are made up."""
    path = small / "playbook.yaml"
    path.write_text(path.read_text().replace("need: 50", f"need: {need}"))
    code, said = check(small)
    assert (1, f"{small}: refused, 1 broken proof") == (code, said.splitlines()[0])
    assert (shown != []) == ("Counterexample" in said)
    assert [each for each in shown if each not in said] == []


def test_a_misspelt_signal_is_doubted_by_the_cases_and_by_history(
    check: Check, small: Path, recorded: Path
) -> None:
    """A rule for a name that nothing carries could never hold: the name that was meant is told."""
    path = small / "playbook.yaml"
    path.write_text(path.read_text().replace("('CrashLoop') and is_stateful", "('CrashLop') and is_stateful"))
    hint = "no signal is called CrashLop (did you mean CrashLoop?)"
    assert hint in check(small)[1]
    (small / "cases" / "restarts.yaml").unlink()
    assert (0, True) == ((said := check(small, "--history", recorded))[0], hint in said[1])


def test_a_history_that_is_not_there_exits_with_2(check: Check, small: Path) -> None:
    """What was asked for by name must be there."""
    assert 2 == check(small, "--history", small / "nothing")[0]


def test_mutants_that_nothing_notices_are_named_by_clause(check: Check, small: Path, recorded: Path) -> None:
    """The score by kind, and each clause with its place."""
    code, said = check(small, "--history", recorded, "--mutations")
    assert 0 == code
    assert " are noticed: " in said
    assert "Changes that neither history nor a case would notice" in said
    assert re.search(r"playbook\.yaml:\d+ +auto_from of roll_back: 70 -> 63, 77\n", said)
    assert "mode of restart" not in said


def test_json_holds_what_the_text_says(check: Check, small: Path, recorded: Path) -> None:
    """Findings, cases, proofs, health and mutants with their places."""
    code, said = check(small, "--history", recorded, "--mutations", "--format", "json")
    found: dict[str, Any] = json.loads(said)
    assert (0, True, []) == (code, found["is_sound"], found["findings"])
    assert {"count": 1, "failures": []} == found["cases"]
    assert [] == found["proofs"]["broken"]
    assert ["inc-1"] == next(
        rule["needing_incidents"] for rule in found["health"]["rules"] if rule["rule"] == "crash-loop"
    )
    mutants = found["mutations"]["mutants"]
    noticed = [each for each in mutants if each["outcome"].startswith("noticed")]
    assert len(noticed) == found["mutations"]["noticed"]
    assert {"clause", "file", "line", "old", "new", "incidents", "cases"} <= set(mutants[0])


def test_json_of_a_refused_bundle_has_its_findings_and_nothing_else(check: Check) -> None:
    """Each finding with file, line, column, and the compile check that it breaks."""
    code, said = check(BAD_BUNDLES / "rule-reads-confidence", "--format", "json")
    found: dict[str, Any] = json.loads(said)
    assert (2, False, None, None) == (code, found["is_sound"], found["digest"], found["health"])
    (finding,) = found["findings"]
    assert (123, 41, 1) == (finding["line"], finding["column"], finding["compile_check"])


def test_what_a_playbook_says_does_not_steer_the_terminal(check: Check, small: Path) -> None:
    """Control characters within a message are not printed."""
    playbook = small / "playbook.yaml"
    playbook.write_text(playbook.read_text().replace("need: 50", 'need: 50\n"a\\u001b[2Jb": 1'))
    assert "\x1b" not in check(small)[1]
