"""The other commands, as a user calls them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from projects import ROOT, Project

from expectations.tables import TABLES

PLAYBOOKS = str(ROOT / "playbooks")


def test_digest_lists_every_table_and_last_the_root(built: Project) -> None:
    """One line per table, `<sha256>  <schema.table>`, in order of name."""
    lines = [line.split("  ") for line in built.digest().splitlines()]
    assert [*sorted(TABLES), "root"] == [name for _, name in lines]
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest, _ in lines)


def test_digest_as_json_says_the_same(built: Project) -> None:
    """`--format json` is an object by table name."""
    found = json.loads(built.call("digest", "--format", "json").stdout)
    assert found == {name: digest for digest, name in (x.split("  ") for x in built.digest().splitlines())}


@pytest.mark.slow
def test_explain_tells_what_every_incident_is_about(built: Project) -> None:
    """For each incident there is an explanation that names it."""
    declared = sorted(path.parent.name for path in built.incidents.rglob("incident.yaml"))
    for incident in declared[:3]:
        done = built.call("explain", incident, "--playbooks", str(built.playbooks))
        assert (0, "") == (done.returncode, done.stderr)
        assert incident in done.stdout


@pytest.mark.slow
def test_explain_says_the_same_to_a_program(built: Project) -> None:
    """Sections by their headings; put together and wrapped they are the text."""
    asked = ("explain", "inc-0102", "--playbooks", str(built.playbooks))
    said = json.loads(built.call(*asked, "--format", "json").stdout)
    parts = ["\n".join([each["heading"], *each["lines"]]) for each in said["sections"]]
    text = re.sub(r"(?m)^#+ ", "", built.call(*asked).stdout)
    assert re.sub(r"\s+", " ", text).strip() == re.sub(r"\s+", " ", "\n\n".join(parts)).strip()
    assert ("inc-0102-checkout-bad-release", "v3") == (said["incident_id"], said["playbook"]["name"])


@pytest.mark.slow
def test_explain_decides_by_one_playbook_alone(built: Project, tmp_path: Path) -> None:
    """After an edit the states are graded anew, and what was published of the old playbook is left out."""
    shutil.copytree(PLAYBOOKS, tmp_path / "playbooks")
    playbook = tmp_path / "playbooks" / "v3" / "playbook.yaml"
    told = []
    for points in ("production: 25", "production: 15"):
        playbook.write_text(playbook.read_text().replace("production: 25", points))
        asked = ("explain", "inc-0102", "--playbooks", str(tmp_path / "playbooks"))
        told.append(built.call(*asked).stdout)
    assert ["87", "77"] == [re.findall(r"Impact (\d+) of 100", each)[0] for each in told]
    worth = [each.partition("## What each source was worth\n")[2] for each in told]
    assert worth[0].startswith("- Without ")
    assert worth[1].startswith("- Left out: ")
    assert 1 == worth[1].count("\n- ") + 1
    assert "`evidence run` decides anew." in worth[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("explain", "inc-9999-nowhere"), "there is no incident 'inc-9999-nowhere'. There are "),
        (("explain", "inc-010"), "9 incidents begin with 'inc-010'. Give more of the name"),
        (("verify", "bad-release", "--incidents", "."), "Did you mean inc-0102-checkout-bad-release?"),
        (("verify", "inc-9999-nowhere", "--incidents", "."), "there is no incident 'inc-9999-nowhere'"),
        (("verify", "--incidents", "nowhere"), "--incidents nowhere: is no folder"),
        (("replay", "--incident", "nowhere", "--playbooks", PLAYBOOKS), "nowhere"),
        (("tabletop", "nowhere", "--playbooks", PLAYBOOKS), "nowhere"),
        (("compare", "nowhere", "nowhere"), "nowhere"),
        (("explain",), "Missing argument"),
        (("run", "--threads", "-1"), "--threads"),
        (("run", "--incidents", "nowhere"), "nowhere: is no folder"),
        (("nothing",), "No such command"),
    ],
)
def test_a_wrong_call_is_told_on_standard_error(
    built: Project, arguments: tuple[str, ...], said: str
) -> None:
    """Exit code 2, nothing on standard output, no traceback."""
    done = built.call(*arguments)
    assert (2, "") == (done.returncode, done.stdout)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("digest",), ("explain", "inc-1"), ("verify",)])
def test_reading_before_the_first_run_says_what_to_do(project: Project, command: tuple[str, ...]) -> None:
    """Exit code 2 and the command to run; nothing is created."""
    done = project.call(*command)
    assert 2 == done.returncode
    assert "evidence run" in done.stderr
    assert [] == list(project.folder.iterdir())


def test_version_is_the_package_version(project: Project) -> None:
    """`evidence --version` prints name and version."""
    assert "evidence 0.1.0\n" == project.call("--version").stdout


def test_help_imports_nothing_heavy() -> None:
    """Help and usage errors come at once: neither Dagster nor DuckDB nor Arrow is loaded."""
    code = (
        "import sys, contextlib\n"
        "from pipelines.cli import app\n"
        "with contextlib.suppress(SystemExit): app(['run', '--help'])\n"
        "heavy = {'dagster', 'duckdb', 'pyarrow', 'pandas', 'great_expectations'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("command", ["run", "verify", "explain", "digest"])
def test_help_shows_an_example(project: Project, command: str) -> None:
    """Each command's help ends with a call that works as written."""
    assert f"Example: evidence {command}" in " ".join(project.call(command, "--help").stdout.split())
