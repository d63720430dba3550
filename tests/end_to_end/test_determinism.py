"""The same inputs give the same root digest, whatever the machine's mood; all moods at once: test_run.py."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from projects import EVIDENCE, Project

CAN_UNSHARE = (
    shutil.which("unshare") is not None
    and subprocess.run(["unshare", "--map-root-user", "--net", "true"], capture_output=True).returncode == 0
)
VARIATIONS = {
    "hash seed": ({"PYTHONHASHSEED": "4711"}, ()),
    "time zone": ({"TZ": "Pacific/Chatham"}, ()),
    "locale": ({"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}, ()),
    "plain locale": ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, ()),
    "one thread": ({}, ("--threads", "1")),
    "two threads": ({}, ("--threads", "2")),
    "many threads": ({}, ("--threads", "16")),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIATIONS)
def test_each_alone_changes_nothing(built: Project, project: Project, name: str) -> None:
    """The same digests under each variation by itself."""
    environment, arguments = VARIATIONS[name]
    project.run(*arguments, environment=environment)
    assert built.digest() == project.digest()


@pytest.mark.slow
@pytest.mark.skipif(not CAN_UNSHARE, reason="this system allows no process without a network")
def test_a_run_needs_no_network(built: Project, project: Project) -> None:
    """In a namespace without any network, not even loopback, the run goes through and says the same."""
    done = subprocess.run(
        ["unshare", "--map-root-user", "--net", str(EVIDENCE), *project.run_arguments],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    assert built.digest() == project.digest()


@pytest.mark.slow
def test_file_names_change_no_root(built: Project, tmp_path: Path) -> None:
    """The same bytes under other names and folders give the same root; only tables of locations differ."""
    incidents = tmp_path / "incidents"
    shutil.copytree(built.incidents, incidents / "2026")
    for name in ("catalog", "settings.yaml"):
        shutil.move(incidents / "2026" / name, incidents / name)
    for declaration in sorted(incidents.rglob("incident.yaml")):
        if "\nreceived:" not in declaration.read_text():
            for export in sorted(declaration.parent.iterdir()):
                if export.name not in ("incident.yaml", "README.md"):
                    export.rename(export.with_name(f"renamed-{export.name}"))
    renamed = Project(_made(tmp_path / "project"), incidents)
    renamed.run()
    assert built.digest().splitlines()[-1] == renamed.digest().splitlines()[-1]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
