"""Detections of a bundle in a commit: the rules that it names, and the values near them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evidence.errors import InputError
from simulator.bundles.bundle_refs import load_reference

from .test_bundle_refs import BUNDLES, git_in

RULE = """\
title: Logging was stopped
id: 00000000-0000-4000-8000-000000000001
level: high
logsource: {product: aws, service: cloudtrail}
detection:
  named:
    eventName|expand: '%calls%'
  condition: named
"""


def repository(root: Path, rules: str, files: dict[str, str]) -> Path:
    """A commit of the small bundle that names `rules`, with these files below the root."""
    shutil.copytree(BUNDLES, root / "playbooks")
    playbook = root / "playbooks" / "mini" / "playbook.yaml"
    named = f"detections: {{rules: {rules}, from_level: high}}\nneed: "
    playbook.write_text(playbook.read_text().replace("need: ", named, 1))
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    git = git_in(root)
    git("init", "--quiet", "--initial-branch=main")
    git("add", ".")
    git("commit", "--quiet", "-m", "with rules")
    return root


@pytest.mark.parametrize(
    ("rules", "values"),
    [
        ("../../rules", "rules/values.yaml"),
        ("../../rules/aws", "rules/values.yaml"),
        ("../../rules/aws", "rules/aws/values.yaml"),
        ("../../rules/aws/stop.yml", "rules/values.yaml"),
        ("../../rules/aws/stop.yml", "rules/aws/values.yaml"),
    ],
)
def test_detections_of_a_commit_are_those_that_were_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: str, values: str
) -> None:
    """Rules, and the values near them, wherever in the repository the bundle names them."""
    files = {"rules/README.md": "", "rules/aws/stop.yml": RULE, values: "calls: [StopLogging]\n"}
    root = repository(tmp_path / "repository", rules, files)
    monkeypatch.chdir(root)
    committed = load_reference("playbooks/mini").detections
    (root / values).write_text("calls: [DeleteTrail]\n")
    edited = load_reference("playbooks/mini").detections
    found = load_reference("git:HEAD:playbooks/mini").detections
    assert committed is not None
    assert (committed, True) == (found, found != edited)


def test_detections_outside_of_the_repository_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not in the commit is not read from the disk instead."""
    monkeypatch.chdir(repository(tmp_path / "repository", "../../../rules", {}))
    with pytest.raises(InputError, match="its detections lie outside of the repository"):
        load_reference("git:HEAD:playbooks/mini")
