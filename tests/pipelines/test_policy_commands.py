"""`evidence compare --policies` and `evidence replay-policies` as a user calls them, and what they refuse."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from dulwich import porcelain
from typer.testing import CliRunner

from pipelines.cli import app

ROOT = Path(__file__).parents[2]
ADMISSION = ROOT / "tests" / "simulator" / "policies" / "admission"
LOG = ROOT / "tests" / "simulator" / "policies" / "decisions.jsonl"
COMPARE = ("compare", "--incidents", str(ROOT / "fixtures"), "--no-clauses")


def call(*arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors."""
    done = CliRunner().invoke(app, [*arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the shipped playbooks, and a copy of their policies in `new` that denies less."""
    shutil.copytree(ROOT / "playbooks", tmp_path / "playbooks")
    porcelain.init(str(tmp_path))
    paths = [str(path) for path in (tmp_path / "playbooks").rglob("*") if path.is_file()]
    porcelain.add(str(tmp_path), paths=paths)
    porcelain.commit(
        str(tmp_path), message=b"First", author=b"A <a@example.com>", committer=b"A <a@example.com>"
    )
    shutil.copytree(tmp_path / "playbooks" / "policies", tmp_path / "new")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_denial_given_up_fails_where_that_is_asked(folder: Path) -> None:
    """Against the commit, as a pull request would be checked: the proposals are named."""
    edit(
        folder / "playbooks/policies/network_policy.rego",
        'kind.kind == "NetworkPolicy"',
        'kind.kind == "None"',
    )
    code, said, failed = call(
        *COMPARE, "--policies", "git:HEAD", "playbooks/policies", "--fail-on", "newly-allowed"
    )
    assert (1, True) == (code, "== POLICIES" in said)
    assert "fails on newly-allowed: " in failed


@pytest.mark.slow
def test_the_same_policies_change_nothing(folder: Path) -> None:
    """Neither a section nor a reason to fail, whatever is asked."""
    wanted = "newly-allowed,newly-denied,newly-needs-approval,decision,path"
    code, said, failed = call(*COMPARE, "--policies", "playbooks/policies", "new", "--fail-on", wanted)
    assert (0, False, "") == (code, "== POLICIES" in said, failed)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--policies", "playbooks/policies", "nowhere"),
            "nowhere: is no folder. Name a folder, or git:REF:FOLDER",
        ),
        (("--policies", "playbooks/policies", "playbooks"), "playbooks: holds no policy. Name a folder of"),
        (("--policies", "git:HEAD:playbooks/v3", "new"), "git:HEAD:playbooks/v3: holds no policy"),
        (
            ("--policies", "playbooks/policies", "git:HEAD:nowhere"),
            "git:HEAD:nowhere: there is no such folder",
        ),
        (("--policies", "git:gone", "new"), "git:gone: the repository knows no gone"),
        (
            ("playbooks/v3", "--policies", "new", "new"),
            "--policies compares two sets of policies under one playbook",
        ),
        (
            ("--policies", "new", "new", "--detections", "a", "b"),
            "--detections and --policies are two comparisons",
        ),
        (("--policies", "new", "new", "--values", "v.yaml"), "--values goes with --detections"),
        (
            ("--policies", "new", "new", "--fail-on", "newly-alowed"),
            "--fail-on newly-alowed: there is no such change",
        ),
        (("--policies", "new"), "'--policies' requires 2 arguments"),
    ],
)
def test_what_does_not_go_together_is_refused(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    """With 2, and what to do instead."""
    code, _, failed = call(*COMPARE, *arguments)
    assert 2 == code
    assert said in " ".join(failed.replace("│", " ").split())


def test_a_broken_policy_is_told_with_its_place(folder: Path) -> None:
    """Of the side that has it, by file, line and column; in a commit by the commit's name."""
    edit(folder / "new/network_policy.rego", "production if not", "production if http.send(")
    code, _, failed = call(*COMPARE, "--policies", "playbooks/policies", "new")
    assert (2, True) == (code, "new/network_policy.rego:11:15: the built-in http.send" in failed)


@pytest.mark.slow
def test_a_case_of_a_policy_that_comes_out_otherwise_is_told_with_its_place(folder: Path) -> None:
    """By `evidence check`, with what was expected and found."""
    edit(
        folder / "playbooks/policies/network_policy.yaml",
        "namespace: other}, verdict: allow",
        "namespace: other}, verdict: denied",
    )
    code, said, _ = call("check", "playbooks/v3", "--incidents", str(ROOT / "fixtures"))
    assert 1 == code
    assert "network_policy.yaml:8  staging-is-free" in said


def replay(*arguments: str) -> tuple[int, str, str]:
    return call("replay-policies", *arguments)


def test_logged_decisions_are_replayed_as_text_markdown_and_json(tmp_path: Path) -> None:
    """Nothing differs from what OPA said, in whatever form, and the file is written."""
    arguments = ("--policies", str(ADMISSION), "--exports", str(LOG))
    code, said, _ = replay(*arguments, "--fail-on", "different", "--fail-on", "not-replayable")
    assert (0, True) == (code, said.startswith("Of 240 recorded decisions 0 different, 240 the same"))
    assert "**Of 240 recorded" in replay(*arguments, "--format", "markdown")[1]
    assert 0 == replay(*arguments, "--format", "json", "--out", str(tmp_path / "replay.json"))[0]
    assert 240 == json.loads((tmp_path / "replay.json").read_text("utf-8"))["same_count"]


def test_a_difference_fails_where_that_is_asked(tmp_path: Path) -> None:
    """The decision is shown with its record, where it differs, and both results."""
    policies = tmp_path / "policies"
    shutil.copytree(ADMISSION, policies)
    edit(policies / "kubernetes/admission.rego", "uses the tag latest", "has no tag")
    arguments = ("--policies", str(policies), "--exports", str(LOG))
    code, said, failed = replay(*arguments, "--fail-on", "different")
    assert (1, True) == (code, failed.startswith("evidence: fails on different: "))
    assert "has no tag" in said
    assert 0 == replay(*arguments)[0]


def test_a_check_of_the_wrong_policies_is_no_pass() -> None:
    """Where not one decision could be replayed nothing was compared; who asks for that is told so."""
    arguments = ("--policies", str(ROOT / "playbooks/policies"), "--exports", str(LOG))
    code, _, failed = replay(*arguments, "--fail-on", "different")
    assert (2, True) == (code, "--fail-on has nothing to look at: none of" in " ".join(failed.split()))
    assert 1 == replay(*arguments, "--fail-on", "different", "--fail-on", "not-replayable")[0]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("package a\n\nimport rego.v1\n\nx if {\n\ty :=\n}\n", "policy.rego:7:1: is not Rego"),
        ("package a\n\nx := http.send({})\n", "policy.rego:3:6: the built-in http.send reaches outside"),
        (
            'package a\n\nx := regex.match("a", input.b)\n',
            "policy.rego:3:6: the built-in regex.match differs",
        ),
        ("x := 1\n", "policy.rego:1: states no package"),
        ('package a["b-c"]\n\nx := 1\n', "is not names with dots"),
        (
            "package a\n\nimport strange.thing\n",
            "policy.rego:3:8: is not Rego: nothing is imported from strange.thing",
        ),
        ("package a\n\nx := " + "[" * 40 + "]" * 40 + "\n", "policy.rego:3:38: is nested too deeply"),
        ("package a\n\nx := " + "+".join(["1"] * 300) + "\n", "has more than 200 operators on one line"),
        ("package a\n\nx { input.y }\n", "policy.rego:3:1: a rule's body begins with `if`"),
    ],
)
def test_a_module_that_cannot_be_evaluated_is_refused_with_its_place(
    tmp_path: Path, source: str, said: str
) -> None:
    """Before anything is evaluated; the exit code is 2."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "policy.rego").write_text(source, encoding="utf-8")
    code, _, failed = replay("--policies", str(tmp_path / "policies"), "--exports", str(LOG))
    assert (2, True) == (code, said in failed), failed


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "holds no Rego module"),
        ({"a.rego": "package a\n\nx := 1\n", "data.json": "[1]"}, "is no object"),
        ({"a.rego": "package a\n\nx := 1\n", "data.json": '{"a": 1, "a": 2}'}, "is not strict JSON"),
        (
            {"a.rego": "package a\n\nx := 1\n", "data.json": '{"a": {"x": 2}}'},
            "data and a package are at one path",
        ),
        ({"a.rego": "package a\n\nx := 1\n", "data.json": '{"n": 1e300}'}, "has more than 15 digits"),
    ],
)
def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path, files: dict[str, str], said: str) -> None:
    """With what is wrong in which file."""
    folder = tmp_path / "policies"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    code, _, failed = replay("--policies", str(folder), "--exports", str(LOG))
    assert (2, True) == (code, said in failed), failed


def test_two_histories_are_refused(tmp_path: Path) -> None:
    """As by every command that reads one."""
    code, _, failed = replay(
        "--policies", str(ADMISSION), "--exports", str(LOG), "--incidents", str(tmp_path)
    )
    assert (2, True) == (code, "exclude each other" in failed)
