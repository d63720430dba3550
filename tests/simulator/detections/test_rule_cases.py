"""The cases of Sigma rules: each is looked at by itself, and what is wrong is told by file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.errors import RefusedDetections
from pipelines.cli import app
from simulator.detections.rule_cases import run_cases

ROOT = Path(__file__).parents[3]
RULE = """\
title: {title}
id: {id}
logsource: {{product: aws, service: cloudtrail}}
detection:
  sel: {{eventName: {event}, recipientAccountId|expand: '%accounts%'}}
  condition: sel
level: high
"""
CASES = """\
rule: stopped.yml
cases:
  - shows: It is stopped.
    expect: hit
    records: [{eventName: StopLogging, recipientAccountId: '1'}]
  - shows: It is started.
    expect: no hit
    records: [{eventName: StartLogging, recipientAccountId: '1'}]
"""
ID = "5e3b3b0a-0000-4000-8000-00000000000{}"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A folder with two rules, of which one has cases, and the house's list."""
    folder = tmp_path / "rules"
    (folder / "cases").mkdir(parents=True)
    stopped = RULE.format(title="Stopped", id=ID.format(1), event="StopLogging")
    (folder / "stopped.yml").write_text(stopped)
    other = RULE.format(title="Other", id=ID.format(2), event="StartLogging")
    (folder / "other.yml").write_text(other)
    (folder / "values.yaml").write_text("accounts: ['1']\n")
    (folder / "cases" / "stopped.yaml").write_text(CASES)
    return folder


def test_cases_that_hold_are_counted(rules: Path) -> None:
    """Another rule of the folder that hits the record of a case is no hit of that case."""
    run = run_cases(rules)
    assert (2, 2, (), (rules / "other.yml",)) == (
        run.rule_count,
        run.case_count,
        run.misjudged,
        run.uncased,
    )


def test_a_case_that_comes_out_otherwise_is_told_by_its_line(rules: Path) -> None:
    """Both ways: a hit that is none, and none that is one."""
    said = CASES.replace("expect: no hit", "expect: maybe").replace("expect: hit", "expect: no hit")
    (rules / "cases" / "stopped.yaml").write_text(said.replace("expect: maybe", "expect: hit"))
    found = [(each.place.line, each.shows, each.is_hit_expected) for each in run_cases(rules).misjudged]
    assert [(3, "It is stopped.", False), (6, "It is started.", True)] == found


def test_cases_bring_their_own_lists(rules: Path) -> None:
    """The house's list may change, and the logic of the rule is as it was."""
    (rules / "values.yaml").write_text("accounts: ['2']\n")
    assert 1 == len(run_cases(rules).misjudged)
    (rules / "cases" / "values.yaml").write_text("accounts: ['1']\n")
    assert () == run_cases(rules).misjudged


def test_records_of_one_case_are_not_seen_with_those_of_another(rules: Path) -> None:
    """A correlation over two cases would count what never was together."""
    twice = f"""\
title: Twice
id: {ID.format(3)}
correlation: {{type: event_count, rules: [{ID.format(1)}], timespan: 1h, condition: {{gte: 2}}}}
level: high
"""
    (rules / "twice.yml").write_text(twice)
    record = "{eventName: StopLogging, recipientAccountId: '1'}"
    cases = f"""\
rule: twice.yml
cases:
  - {{shows: Once., expect: no hit, records: [{record}]}}
  - {{shows: Once more., expect: no hit, records: [{record}]}}
  - {{shows: Twice., expect: hit, records: [{record}, {record}]}}
"""
    (rules / "cases" / "twice.yaml").write_text(cases)
    assert (5, ()) == ((run := run_cases(rules)).case_count, run.misjudged)


@pytest.mark.parametrize(
    ("log_source", "record"),
    [
        ("product: loki", {"stream": {"app": "shop"}, "values": [["1", "all is well"], ["2", "token=abc"]]}),
        (
            "product: opentelemetry",
            {"scopeLogs": [{"logRecords": [{"body": {"stringValue": "token=abc"}}]}]},
        ),
    ],
)
def test_lines_of_applications_are_seen_one_by_one(
    log_source: str, record: dict[str, object], tmp_path: Path
) -> None:
    """As in a run: a record of these holds several."""
    (tmp_path / "cases").mkdir()
    rule = RULE.format(title="Token", id=ID.format(1), event="x").replace(
        "product: aws, service: cloudtrail", log_source
    )
    rule = rule.replace(
        "{eventName: x, recipientAccountId|expand: '%accounts%'}", "{message|startswith: token}"
    )
    (tmp_path / "token.yml").write_text(rule)
    cases = {"rule": "token.yml", "cases": [{"shows": "It.", "expect": "hit", "records": [record]}]}
    (tmp_path / "cases" / "token.yaml").write_text(json.dumps(cases))
    assert (1, ()) == ((run := run_cases(tmp_path)).case_count, run.misjudged)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rule: stopped.yml", "rule: gone.yml", "stopped.yaml:1:7: rule: there is no rule gone.yml in "),
        (
            "expect: hit",
            "expect: maybe",
            "stopped.yaml:4:13: cases.0.expect: expect is 'maybe'; one of hit, no hit",
        ),
        ("    expect: hit\n", "", "cases.0.expect: expect is missing"),
        ("cases:", "more: []\ncases:", "unknown key 'more'"),
        ("records: [{", "records: [[{", "stopped.yaml"),
    ],
)
def test_a_file_of_cases_at_fault_is_told_by_place(old: str, new: str, said: str, rules: Path) -> None:
    """Nothing is passed over: a case that is not looked at would be one that holds."""
    (rules / "cases" / "stopped.yaml").write_text(CASES.replace(old, new, 1))
    with pytest.raises(RefusedDetections) as refused:
        run_cases(rules)
    assert said in str(refused.value)


def test_a_rule_over_several_log_sources_wants_them_named() -> None:
    """The rule of ours that brings two together has cases that name them."""
    run = run_cases(ROOT / "playbooks/detections/across")
    assert (True, ()) == (run.case_count > 1, run.misjudged)


def test_check_takes_rules_as_it_takes_playbooks(rules: Path) -> None:
    """0 where cases hold, 1 where one does not, 2 for a rule that cannot be honoured and a wrong call."""
    call = CliRunner().invoke
    assert (0, 2) == ((done := call(app, ["check", str(rules), "--format", "json"])).exit_code, _count(done))
    assert "2 of 2 come out as expected" in call(app, ["check", str(rules)]).stdout
    assert 2 == call(app, ["check", str(rules), "--mutations"]).exit_code
    assert 0 == call(app, ["check", str(rules / "stopped.yml")]).exit_code
    (rules / "cases" / "stopped.yaml").write_text(CASES.replace("no hit", "hit"))
    done = call(app, ["check", str(rules)])
    assert (1, True) == (done.exit_code, "a hit is expected, there is none" in " ".join(done.stdout.split()))
    (rules / "other.yml").write_text("title: Other")
    assert 2 == call(app, ["check", str(rules)]).exit_code


def test_check_warns_of_a_part_that_no_condition_names(rules: Path) -> None:
    """By file and line, in the text and in the JSON; a warning leaves the exit code alone."""
    path = rules / "other.yml"
    path.write_text(path.read_text().replace("  condition", "  filter_own: {eventName: a}\n  condition"))
    call = CliRunner().invoke
    done = call(app, ["check", str(rules)])
    assert (0, f"{rules}: sound, 1 warning") == (done.exit_code, done.stdout.splitlines()[0])
    assert f"{path}:6: no condition names 'filter_own'" in " ".join(done.stdout.split())
    [warned] = json.loads(call(app, ["check", str(rules), "--format", "json"]).stdout)["warnings"]
    assert (str(path), 6, "detection.filter_own") == (warned["path"], warned["line"], warned["field"])


def _count(done) -> int:
    return int(json.loads(done.stdout)["case_count"])
