"""`evidence verify` proves everything, and one flipped byte anywhere is found and its file named."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from projects import ROOT, Project

from evidence.verify import verify

EXPORTS = sorted(
    path.relative_to(ROOT / "fixtures").as_posix()
    for declaration in (ROOT / "fixtures").rglob("incident.yaml")
    for path in declaration.parent.rglob("*")
    if path.is_file() and path.name not in ("incident.yaml", "README.md")
)
SAMPLE = EXPORTS[:: max(1, len(EXPORTS) // 6)]


def flip(path: Path, at: int) -> bytes:
    """Flip one bit of one byte and return what was there."""
    content = path.read_bytes()
    changed = bytearray(content)
    changed[at] ^= 1
    path.write_bytes(bytes(changed))
    return content


def paths_found(project: Project) -> set[str]:
    """The files that verification names."""
    found = verify(project.incidents, project.warehouse, project.folder / "out")
    return {finding.path for finding in found}


def test_what_was_built_verifies(built: Project) -> None:
    """Exit code 0, and for one incident too."""
    declared = sorted(path.parent.name for path in built.incidents.rglob("incident.yaml"))
    assert 0 == built.verify().returncode
    one = built.verify(declared[0][:8])  # the beginning of its name is enough
    assert (0, f"verified: {declared[0]}\n") == (one.returncode, one.stdout)


def test_an_incident_whose_package_is_gone_does_not_verify(copied: Project) -> None:
    """It is known, so that this is a finding, exit code 1, and no wrong call."""
    name = next(path.stem for path in (copied.folder / "out" / "handoffs").glob("*.json"))
    (copied.folder / "out" / "handoffs" / f"{name}.json").unlink()
    said = copied.verify(name)
    assert (1, True) == (said.returncode, f"handoffs/{name}.json: " in said.stdout)


def test_another_active_playbook_is_a_note_and_no_finding(copied: Project, tmp_path: Path) -> None:
    """The published files are still right; the same goes for a playbook that no longer loads."""
    playbooks = tmp_path / "playbooks"
    shutil.copytree(ROOT / "playbooks", playbooks)
    asked = ("--playbooks", str(playbooks))
    assert "verified: every claim, input, handoff and table\n" == copied.verify(*asked).stdout
    active = playbooks / "active.yaml"
    active.write_text(active.read_text().replace("v3", "v2"))
    said = copied.verify(*asked)
    assert 0 == said.returncode
    assert re.search(
        r"^note: the active playbook is now v2 \(\w{12}\); .* with v3 \(\w{12}\)", said.stdout, re.M
    )
    active.write_text("active: v9\n")
    as_json = copied.verify(*asked, "--format", "json")
    assert 0 == as_json.returncode
    [note] = json.loads(as_json.stdout)["notes"]
    assert "does not load" in note


def test_where_nothing_is_published_a_run_is_asked_for(copied: Project) -> None:
    """Also of a folder that is there and empty: exit code 2, as of every other command."""
    shutil.rmtree(copied.warehouse)
    for _ in range(2):
        done = copied.verify()
        assert 2 == done.returncode
        assert "nothing is published in warehouse. Run `evidence run` first" in done.stderr
        copied.warehouse.mkdir(exist_ok=True)


def test_an_edited_report_is_named(copied: Project) -> None:
    """The figures that people read on Monday are held to what was written."""
    [page] = (copied.folder / "out/kpis").glob("*.md")
    page.write_text(page.read_text() + "All is well.\n")
    assert {f"kpis/{page.name}"} == paths_found(copied)


def test_a_flipped_byte_in_a_run_manifest_is_found(copied: Project) -> None:
    """What the last run recorded about itself is held to its own digest."""
    path = next((copied.warehouse / "runs").glob("*.json"))
    flip(path, path.stat().st_size // 2)
    assert {f"runs/{path.name}"} == paths_found(copied)


def test_a_flipped_byte_is_named_by_the_command(copied: Project) -> None:
    """Exit code 1 and the file on standard output; as JSON the same."""
    export = copied.incidents / SAMPLE[0]
    flip(export, len(export.read_bytes()) // 2)
    done = copied.verify()
    assert 1 == done.returncode
    assert 1 == done.stdout.count(SAMPLE[0])
    findings = json.loads(copied.verify("--format", "json").stdout)["findings"]
    assert [SAMPLE[0]] == [finding["path"] for finding in findings]


def test_a_flipped_byte_in_a_sample_of_exports_is_found(copied: Project) -> None:
    """First, middle and last byte of some exports, each named and no other."""
    for export in SAMPLE:
        path = copied.incidents / export
        for at in (0, path.stat().st_size // 2, -1):
            before = flip(path, at)
            assert {export} == paths_found(copied), (export, at)
            path.write_bytes(before)


@pytest.mark.slow
@pytest.mark.parametrize("export", EXPORTS)
def test_a_flipped_byte_in_any_export_is_found(copied: Project, export: str) -> None:
    """Wherever in whichever export the byte lies."""
    path = copied.incidents / export
    size = path.stat().st_size
    for at in sorted({0, size // 3, size // 2, size - 1}):
        before = flip(path, at)
        assert export in paths_found(copied)
        path.write_bytes(before)


def test_a_flipped_byte_in_any_table_is_found(copied: Project) -> None:
    """Every published Parquet file is held to the digest in its name: one alone, and all at once."""
    paths = sorted(copied.warehouse.rglob("*.parquet"))
    for flipped in (paths[:1], paths[1:]):
        before = {path: flip(path, path.stat().st_size // 2) for path in flipped}
        found = {path.relative_to(copied.warehouse).as_posix() for path in flipped}
        assert found == paths_found(copied)
        for path, content in before.items():
            path.write_bytes(content)


def test_a_changed_handoff_is_found(copied: Project) -> None:
    """A package that somebody edited is not the one that was written."""
    path = next((copied.folder / "out" / "handoffs").glob("*.md"))
    path.write_text(path.read_text() + "\n")
    assert {f"handoffs/{path.name}"} == paths_found(copied)


def test_a_missing_and_an_additional_export_are_found(copied: Project) -> None:
    """What was read must still be there, and nothing that was not."""
    (copied.incidents / SAMPLE[0]).unlink()
    added = (copied.incidents / SAMPLE[1]).with_name("later.json")
    added.write_text("{}")
    assert {SAMPLE[0], added.relative_to(copied.incidents).as_posix()} <= paths_found(copied)


def test_a_changed_catalogue_is_found(copied: Project) -> None:
    """A catalogue that is not the published one is named."""
    (copied.warehouse / "evidence.duckdb").write_bytes(b"junk")
    said = copied.verify()
    assert 1 == said.returncode
    assert "evidence.duckdb" in said.stdout + said.stderr
